"""The listening socket of a service, its sessions and its advertisement."""

import asyncio
import logging
import os
import socket
from io import FileIO
from pathlib import Path
from urllib.parse import urlsplit

from wyoming.event import async_get_stdin

from wyoming_serving.discovery import Advertisement, default_name
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.events import MAX_HEADER_BYTES
from wyoming_serving.session import Session, SessionHost, SessionLimits
from wyoming_serving.settings import Settings
from wyoming_serving.sockets import EVERY_ADDRESS, listen_on

_LOGGER = logging.getLogger(__name__)


class Listener:
    """Accepts clients where the settings say, and owns their sessions until it is closed."""

    def __init__(self, name: str, settings: Settings, host: SessionHost) -> None:
        """`name` is advertised with the host's name, unless the settings have another."""
        self._name = name
        self._settings = settings
        self._host = host
        self._limits = SessionLimits(settings.max_payload_bytes, settings.idle_seconds)
        self._sessions: dict[asyncio.Task[None], Session] = {}
        self._server: asyncio.Server | None = None
        self._advertisement: Advertisement | None = None
        self._port: int | None = None
        self.ended = asyncio.Event()
        """Set when standard input, where that is the only client, has ended."""

    @property
    def port(self) -> int | None:
        """The port of a tcp URI, as chosen by the system where the URI has 0."""
        return self._port

    @property
    def open_sessions(self) -> int:
        """The number of connections."""
        return len(self._sessions)

    async def open(self) -> None:
        """Begin to accept clients, and advertise where the settings ask for it.

        Raises:
            ServiceError: `port-taken`, the address cannot be had.
        """
        uri = urlsplit(self._settings.uri)
        try:
            if uri.scheme == "stdio":
                await self._open_stdio()
            elif uri.scheme == "unix":
                await self._open_unix(Path(uri.netloc + uri.path))
            else:
                await self._open_tcp(uri.hostname or "0.0.0.0", uri.port or 0)
        except OSError as error:
            reason = error.strerror or error
            raise ServiceError(
                ErrorCode.PORT_TAKEN, f"cannot listen on {self._settings.uri}: {reason}"
            ) from None

    async def close(self) -> None:
        """Take no new clients, let running requests finish in the time allowed, end the rest."""
        if self._advertisement is not None:
            await self._advertisement.stop()
        if self._server is not None:
            self._server.close()
        for session in list(self._sessions.values()):
            session.drain()
        if self._sessions:
            await asyncio.wait(self._sessions, timeout=self._settings.drain_seconds)
        left = list(self._sessions)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _open_tcp(self, host: str, port: int) -> None:
        if host in EVERY_ADDRESS:
            self._server = await asyncio.start_server(
                self._on_connect, sock=listen_on(host, port), limit=MAX_HEADER_BYTES
            )
        else:
            self._server = await asyncio.start_server(
                self._on_connect, host, port, limit=MAX_HEADER_BYTES
            )
        self._port = port = self._server.sockets[0].getsockname()[1]
        _LOGGER.info("listening on tcp://%s:%d", f"[{host}]" if ":" in host else host, port)
        if self._settings.zeroconf and not _is_loopback(host):
            name = self._settings.zeroconf_name or default_name(self._name)
            self._advertisement = Advertisement(name, host, port)
            self._advertisement.start()

    async def _open_unix(self, path: Path) -> None:
        _remove_stale_socket(path)
        self._server = await asyncio.start_unix_server(
            self._on_connect, path, limit=MAX_HEADER_BYTES
        )
        _LOGGER.info("listening on unix://%s", path)

    async def _open_stdio(self) -> None:
        loop = asyncio.get_running_loop()
        reader = await async_get_stdin(loop)
        transport, protocol = await loop.connect_write_pipe(
            lambda: asyncio.streams.FlowControlMixin(loop=loop), _take_stdout()
        )
        writer = asyncio.StreamWriter(transport, protocol, None, loop)
        session = Session(reader, writer, self._host, self._limits, answer_after_eof=True)
        self._own(session).add_done_callback(lambda _: self.ended.set())

    async def _on_connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._sessions) >= self._settings.max_connections:
            _LOGGER.warning("connection refused: %d are open", len(self._sessions))
            writer.close()
            return
        sock = writer.get_extra_info("socket")
        if sock is not None and sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._own(Session(reader, writer, self._host, self._limits))

    def _own(self, session: Session) -> asyncio.Task[None]:
        task = asyncio.create_task(session.run(), name="session")
        self._sessions[task] = session
        task.add_done_callback(lambda done: self._sessions.pop(done, None))
        return task


def _take_stdout() -> FileIO:
    """Standard output for events alone; what libraries print goes to standard error from now."""
    events = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    return events


def _remove_stale_socket(path: Path) -> None:
    """Remove what a killed process left behind; anything but a socket stays."""
    if path.is_socket():
        path.unlink()


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")
