"""The HTTP server of a service, in the service's own event loop."""

import asyncio
import contextlib
import logging
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Protocol

from aiohttp import BadContentDispositionHeader, BadContentDispositionParam, web
from prometheus_client import CollectorRegistry

from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.http.access import Access
from wyoming_serving.http.api import API, Api, ApiHost
from wyoming_serving.http.connections import Connections
from wyoming_serving.http.errors import error_response
from wyoming_serving.http.limits import HttpLimits
from wyoming_serving.http.page.data import data_routes
from wyoming_serving.http.page.files import page_routes
from wyoming_serving.http.routes import MonitoredService, monitoring_routes
from wyoming_serving.network.sockets import listen_on
from wyoming_serving.recent import RecentRequests
from wyoming_serving.settings import Settings

_LOGGER = logging.getLogger(__name__)

_CLIENTS_MISTAKES = logging.getLogger(f"{__name__}.mistakes")
_CLIENTS_MISTAKES.setLevel(logging.CRITICAL)
"""aiohttp writes a traceback for each malformed request, and a client could fill the log."""

_MAX_REQUEST_BYTES = 64 << 10
"""Of a body; a route that takes larger ones reads them by `wyoming_serving.http.bodies`."""

_EXPECTED = "100-continue"

RequestHandler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

_CLOSE_SECONDS = 0.3
"""For answers under way when the service ends, after its time to drain."""


class HttpService(MonitoredService, ApiHost, Protocol):
    """What the server asks of its service."""

    @property
    def page_shelf(self) -> Path | None:
        """The folder with the service's part of the page; None where it has no page."""

    @property
    def recent(self) -> RecentRequests:
        """The latest requests."""


@contextlib.asynccontextmanager
async def http_server(
    settings: Settings, service: HttpService, metrics: CollectorRegistry
) -> AsyncIterator[Api]:
    """Serve health, status, metrics, the page and the service's own routes.

    Raises:
        ServiceError: `port-taken`, the address cannot be had; `token-file-invalid`.
    """
    for mistake in (BadContentDispositionHeader, BadContentDispositionParam):
        warnings.simplefilter("ignore", mistake)  # each one that differs would be kept for ever
    access = Access.from_settings(settings)
    limits = HttpLimits.from_settings(settings)
    connections = Connections(limits)
    monitoring = monitoring_routes(service, metrics)
    page = page_routes(service.page_shelf) if service.page_shelf is not None else []
    api = Api(service, access, limits, connections, _paths(monitoring), _paths(page))
    app = web.Application(
        middlewares=[connections.middleware, api.middleware], client_max_size=_MAX_REQUEST_BYTES
    )
    app[API] = api
    app.on_response_prepare.append(api.add_cors)
    app.add_routes(monitoring)
    app.add_routes(service.routes())  # before the page, which may share its path with a WebSocket
    app.add_routes(page)
    app.add_routes(data_routes(service.recent, settings))
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=_CLIENTS_MISTAKES,
        shutdown_timeout=_CLOSE_SECONDS,
        handler_cancellation=True,  # nobody waits for what its client left
        auto_decompress=False,  # little could be gigabytes
    )
    await runner.setup()
    try:
        async with _listening(runner, connections, settings):
            if access.is_closed and access.proxy is None:
                _LOGGER.warning(
                    "http_host %s is reached by other hosts: the API is closed until "
                    "http_token_file names tokens (or http_open lets everybody in)",
                    settings.http_host,
                )
            yield api
    finally:
        await runner.cleanup()


def _paths(routes: Sequence[web.RouteDef]) -> list[str]:
    return [route.path for route in routes]


@contextlib.asynccontextmanager
async def _listening(
    runner: web.AppRunner, connections: Connections, settings: Settings
) -> AsyncIterator[None]:
    """Accept connections.

    Raises:
        ServiceError: `port-taken`.
    """
    host, port = settings.http_host, settings.http_port
    assert runner.server is not None
    make_protocol = runner.server
    make_protocol.request_handler = _checking_expectations(make_protocol.request_handler)
    try:
        listening = listen_on(host, port)
    except OSError as error:
        raise ServiceError(
            ErrorCode.PORT_TAKEN, f"http_port {port} on {host}: {error.strerror or error}"
        ) from None
    server = await asyncio.get_running_loop().create_server(
        lambda: connections.bounded(make_protocol), sock=listening
    )
    chosen: int = listening.getsockname()[1]
    _LOGGER.info("HTTP on http://%s:%d", f"[{host}]" if ":" in host else host, chosen)
    try:
        yield
    finally:
        server.close()


def _checking_expectations(handle: RequestHandler) -> RequestHandler:
    """Refuse a wrong `Expect` before aiohttp does, whose refusal fails where it is no text."""

    async def handle_expected(request: web.BaseRequest) -> web.StreamResponse:
        if request.headers.get("Expect", _EXPECTED).lower() == _EXPECTED:
            return await handle(request)
        text = f"the header Expect can only be {_EXPECTED}"
        return error_response(ServiceError(ErrorCode.INVALID_REQUEST, text))

    return handle_expected
