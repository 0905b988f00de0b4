"""Bounds on what one HTTP client can hold: connections, silence, and answers that nobody reads."""

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from aiohttp import web
from aiohttp.typedefs import Handler

_TOO_MANY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
    b"Retry-After: 1\r\nConnection: close\r\n\r\n"
)


@dataclass(frozen=True)
class HttpLimits:
    """What HTTP clients may hold."""

    connections: int = 64
    """Connections at one time; the next one is answered 503."""
    silent_seconds: float = 30.0
    """Time to send a request, from the connection or the answer before, and time in which a client
    reads nothing of its answer; then the connection is closed."""


class Connections:
    """The open connections of one HTTP server."""

    def __init__(self, limits: HttpLimits) -> None:
        self._limits = limits
        self._open: dict[asyncio.BaseTransport, BoundedConnection] = {}

    def __len__(self) -> int:
        return len(self._open)

    def bounded(self, make: Callable[[], asyncio.BaseProtocol]) -> asyncio.BaseProtocol:
        """Returns a protocol for a new connection, which passes everything to one that `make`
        returns."""
        return BoundedConnection(cast(asyncio.Protocol, make()), self._limits, self._open)

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
        opened: dict[asyncio.BaseTransport, "BoundedConnection"],
    ) -> None:
        """`opened`: all open connections of the server; this one adds and removes itself."""
        self._inner = inner
        self._limits = limits
        self._opened = opened
        self._transport: asyncio.Transport | None = None
        self._is_refused = False
        self._silence: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def set_answering(self, answering: bool) -> None:
        """Whether a request has arrived whose answer is not made yet."""
        self._stop(self._silence)
        self._silence = None if answering else self._abort_later()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if len(self._opened) >= self._limits.connections:
            self._is_refused = True
            self._transport.write(_TOO_MANY)
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
        if not self._is_refused:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return None if self._is_refused else self._inner.eof_received()

    def pause_writing(self) -> None:
        if not self._is_refused:
            self._unread = self._abort_later()
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        if not self._is_refused:
            self._stop(self._unread)
            self._inner.resume_writing()

    def _abort_later(self) -> asyncio.TimerHandle | None:
        if self._transport is None or self._transport.is_closing():
            return None
        loop = asyncio.get_running_loop()
        return loop.call_later(self._limits.silent_seconds, self._abort)

    def _abort(self) -> None:
        """Reset the connection: the system, too, forgets what was not read."""
        if self._transport is not None:
            connection = self._transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()

    def _stop(self, timer: asyncio.TimerHandle | None) -> None:
        if timer is not None:
            timer.cancel()
