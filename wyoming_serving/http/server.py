"""The HTTP server of a service, in the service's own event loop."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CollectorRegistry

from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.http.connections import Connections, HttpLimits
from wyoming_serving.http.routes import MonitoredService, monitoring_routes
from wyoming_serving.network.sockets import listen_on

_LOGGER = logging.getLogger(__name__)

_CLIENTS_MISTAKES = logging.getLogger(f"{__name__}.mistakes")
_CLIENTS_MISTAKES.setLevel(logging.CRITICAL)
"""aiohttp writes a traceback for each malformed request, and a client could fill the log."""

_MAX_REQUEST_BYTES = 64 << 10
"""Of a body; a route that takes larger ones reads them piece by piece, and bounds them itself."""

_CLOSE_SECONDS = 1.0
"""For answers under way when the service ends."""


@contextlib.asynccontextmanager
async def http_server(
    host: str, port: int, service: MonitoredService, metrics: CollectorRegistry, limits: HttpLimits
) -> AsyncIterator[int]:
    """Serve health, status, metrics and the service's own routes; yields the port.

    Raises:
        ServiceError: `port-taken`, the address cannot be had.
    """
    connections = Connections(limits)
    app = web.Application(
        middlewares=[connections.middleware, _log_failures], client_max_size=_MAX_REQUEST_BYTES
    )
    app.add_routes(monitoring_routes(service, metrics))
    app.add_routes(service.routes())
    runner = web.AppRunner(
        app, access_log=None, logger=_CLIENTS_MISTAKES, shutdown_timeout=_CLOSE_SECONDS
    )
    await runner.setup()
    assert runner.server is not None
    make_protocol = runner.server
    try:
        try:
            listening = listen_on(host, port)
        except OSError as error:
            raise ServiceError(
                ErrorCode.PORT_TAKEN,
                f"http_port {port} on {host}: {error.strerror or error}",
            ) from None
        server = await asyncio.get_running_loop().create_server(
            lambda: connections.bounded(make_protocol), sock=listening
        )
        chosen: int = listening.getsockname()[1]
        _LOGGER.info("HTTP on http://%s:%d", f"[{host}]" if ":" in host else host, chosen)
        try:
            yield chosen
        finally:
            server.close()
    finally:
        await runner.cleanup()


@web.middleware
async def _log_failures(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except (web.HTTPException, ConnectionError):
        raise
    except Exception:
        _LOGGER.exception("%s %s failed", request.method, request.path)
        raise web.HTTPInternalServerError from None
