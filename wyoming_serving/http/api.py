"""What every request of the HTTP API passes: access, errors in one shape, and the service's end."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Collection, Iterator
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Handler

from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.http.access import Access
from wyoming_serving.http.connections import Connections
from wyoming_serving.http.errors import error_response, from_http, internal_error
from wyoming_serving.http.limits import HttpLimits
from wyoming_serving.http.upgrades import is_upgrade
from wyoming_serving.reports import RequestReport
from wyoming_serving.session import STOP_SECONDS, RequestOutcome
from wyoming_serving.tracing import spans

_LOGGER = logging.getLogger(__name__)


class ApiHost(Protocol):
    """What the API asks of its service."""

    def count_request(self, outcome: RequestOutcome | ErrorCode) -> None:
        """Count what ended before it was a request."""

    def request_ended(self, client: str, report: RequestReport) -> None:
        """Log and count a request of a client, named by its address."""


class OpenWebSocket(Protocol):
    """A WebSocket that is told when the service ends."""

    def drain(self) -> None:
        """End as soon as no request of it is under way."""


class Api:
    """Lets requests through, turns what fails into errors, and knows what is under way."""

    def __init__(
        self,
        host: ApiHost,
        access: Access,
        limits: HttpLimits,
        connections: Connections,
        open_paths: Collection[str],
        page_paths: Collection[str] = (),
    ) -> None:
        """`open_paths` are answered to everybody, at any time; `page_paths` hold no secret, and
        ask for no token, since a browser has none before its user has typed it in."""
        self.limits = limits
        self.connections = connections
        self.websockets: set[OpenWebSocket] = set()
        self._host = host
        self._access = access
        self._open_paths = frozenset(open_paths)
        self._page_paths = frozenset(page_paths)
        self._under_way: set[asyncio.Task[object]] = set()
        self._is_draining = False

    @contextlib.contextmanager
    def reported(self, request: web.Request, report: RequestReport) -> Iterator[None]:
        """Log and count, however it ends, what is done in the block as one request.

        The block fills the report in as it goes; a WebSocket may hold any number of requests.
        """
        report.outcome = RequestOutcome.ANSWERED
        try:
            with spans.request(report):
                yield
        except ServiceError as error:
            report.outcome, report.error = error.code, error.text
            raise
        except (asyncio.CancelledError, ConnectionError):
            report.outcome = RequestOutcome.ABANDONED
            raise
        except Exception as failure:
            report.outcome, report.error = ErrorCode.INTERNAL_ERROR, repr(failure)
            raise
        finally:
            self._host.request_ended(peer(request), report)

    async def drain(self, seconds: float) -> None:
        """Take no new requests, let those under way end in the time allowed, cancel the rest."""
        self._is_draining = True
        for websocket in list(self.websockets):
            websocket.drain()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=seconds)
        left = set(self._under_way)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=STOP_SECONDS)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a request, or say why not."""
        try:
            if request.path in self._open_paths:
                return await handler(request)
            preflight = self._access.preflight(request)
            if preflight is not None:
                return preflight
            self._admit(request)
            async with self._tracked():
                return await handler(request)
        except ServiceError as error:
            failure = error
        except web.HTTPException as error:
            failure = from_http(error)
        except ConnectionError:
            raise
        except Exception:
            _LOGGER.exception("%s %s failed", request.method, request.path)
            failure = internal_error()
        if request.writer.output_size > 0:  # an answer that breaks off must not look whole
            self.connections.abort(request)
            raise ConnectionAbortedError(failure.text)
        return error_response(failure)

    async def add_cors(self, request: web.Request, response: web.StreamResponse) -> None:
        """Let the pages that may ask read the answer; called before it is sent."""
        if self._access.allows_origin(request):
            response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
            response.headers["Vary"] = "Origin"

    def _admit(self, request: web.Request) -> None:
        try:
            if request.path in self._page_paths and not is_upgrade(request):
                self._access.check_reach(request)
            else:
                self._access.check(request)
            if self._is_draining:
                raise ServiceError(ErrorCode.NOT_READY, "the service is stopping")
        except ServiceError as error:
            self._host.count_request(error.code)
            _LOGGER.warning("%s: refused (%s): %s", peer(request), error.code, error.text)
            raise

    @contextlib.asynccontextmanager
    async def _tracked(self) -> AsyncIterator[None]:
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        try:
            yield
        finally:
            self._under_way.discard(task)


API = web.AppKey("api", Api)
"""Where a handler finds it: `request.app[API]`."""


def peer(request: web.Request) -> str:
    """Returns where a request's client is, for the log."""
    transport = request.transport
    address = transport.get_extra_info("peername") if transport is not None else None
    return f"{address[0]}:{address[1]}" if isinstance(address, tuple) else "gone client"
