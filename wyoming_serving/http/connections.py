"""Bounds on what one HTTP client can hold: connections, silence, and answers that nobody reads."""

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import cast

from aiohttp import web
from aiohttp.typedefs import Handler

from wyoming_serving.errors import ServiceError
from wyoming_serving.http.errors import error_response
from wyoming_serving.http.limits import HttpLimits
from wyoming_serving.network.admission import Admission, IPAddress, client_address


class Connections:
    """The open connections of one HTTP server."""

    def __init__(self, limits: HttpLimits) -> None:
        self._limits = limits
        self._admission = Admission((), limits.connections, limits.connections_per_address)
        self._open: dict[asyncio.BaseTransport, BoundedConnection] = {}

    def __len__(self) -> int:
        return len(self._open)

    def bounded(self, make: Callable[[], asyncio.BaseProtocol]) -> asyncio.BaseProtocol:
        """Returns a protocol for a new connection, which passes everything to one that `make`
        returns."""
        inner = cast(asyncio.Protocol, make())
        return BoundedConnection(inner, self._limits, self._admission, self._open)

    def leave_to_websocket(self, request: web.Request) -> "BoundedConnection":
        """Stop the limits of HTTP for a connection; the WebSocket that it becomes has its own.

        Raises:
            ConnectionResetError: the client has left.
        """
        connection = self._open.get(request.transport) if request.transport else None
        if connection is None:
            raise ConnectionResetError("the client has left")
        connection.set_websocket()
        return connection

    def abort(self, request: web.Request) -> None:
        """Reset a request's connection, where it is still open."""
        connection = self._open.get(request.transport) if request.transport else None
        if connection is not None:
            connection.abort()

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Tell a connection when it is answering, which may take as long as its route allows."""
        connection = self._open.get(request.transport) if request.transport else None
        if connection is None:
            return await handler(request)
        connection.set_answering(True)
        try:
            return await handler(request)
        finally:
            connection.set_answering(False)


class BoundedConnection(asyncio.Protocol):
    """Stands between a socket and aiohttp's protocol, and ends the connection at its limits."""

    def __init__(
        self,
        inner: asyncio.Protocol,
        limits: HttpLimits,
        admission: Admission,
        opened: dict[asyncio.BaseTransport, "BoundedConnection"],
    ) -> None:
        """`opened`: all open connections of the server; this one adds and removes itself."""
        self.address: IPAddress | None = None
        self.is_open = True
        self.is_heard = False
        """Whether anything has come from the client since this was set to False."""
        self._inner = inner
        self._limits = limits
        self._admission = admission
        self._opened = opened
        self._transport: asyncio.Transport | None = None
        self._is_refused = False
        self._is_websocket = False
        self._silence: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def set_answering(self, answering: bool) -> None:
        """Whether a request has arrived whose answer is not made yet."""
        self._stop(self._silence)
        self._silence = None if answering else self._abort_later()

    def set_websocket(self) -> None:
        """Leave waits and silence to the WebSocket that the connection becomes."""
        self._is_websocket = True
        self._stop(self._silence)
        self._stop(self._unread)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.address = client_address(transport.get_extra_info("peername"))
        try:
            self._admission.check(self.address, self._opened.values())
        except ServiceError as error:
            self._is_refused = True
            self._transport.write(_refusal(error))
            self._transport.close()
            return
        self._opened[transport] = self
        self._silence = self._abort_later()
        self._inner.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._is_refused:
            return
        self._stop(self._silence)
        self._stop(self._unread)
        if self._transport is not None:
            self._opened.pop(self._transport, None)
        self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self.is_heard = True
        if not self._is_refused:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return None if self._is_refused else self._inner.eof_received()

    def pause_writing(self) -> None:
        if not self._is_refused:
            self._unread = None if self._is_websocket else self._abort_later()
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        if not self._is_refused:
            self._stop(self._unread)
            self._inner.resume_writing()

    def _abort_later(self) -> asyncio.TimerHandle | None:
        if self._transport is None or self._transport.is_closing():
            return None
        loop = asyncio.get_running_loop()
        return loop.call_later(self._limits.silent_seconds, self.abort)

    def abort(self) -> None:
        """Reset the connection: the system, too, forgets what was not read."""
        if self._transport is not None:
            connection = self._transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()

    def _stop(self, timer: asyncio.TimerHandle | None) -> None:
        if timer is not None:
            timer.cancel()


def _refusal(error: ServiceError) -> bytes:
    """Returns the answer to a connection whose request is not even read."""
    answer = error_response(error)
    assert isinstance(answer.body, bytes)
    head = (
        f"HTTP/1.1 {answer.status} {answer.reason}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(answer.body)}\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + answer.body
