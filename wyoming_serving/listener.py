"""The listening socket of a service, its sessions and its advertisement."""

import asyncio
import logging
import os
import selectors
import socket
import sys
from collections.abc import Coroutine
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from wyoming.error import Error
from wyoming.event import async_get_stdin

from wyoming_serving.discovery import Advertisement, default_name
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.events import MAX_HEADER_BYTES, EventLimits
from wyoming_serving.network.admission import Admission, IPAddress, client_address
from wyoming_serving.network.connection import Connection, ConnectionLimits
from wyoming_serving.network.sockets import EVERY_ADDRESS, listen_on, remove_dead_socket
from wyoming_serving.session import STOP_SECONDS, Session, SessionHost
from wyoming_serving.settings import Settings

_LOGGER = logging.getLogger(__name__)


class ListenerHost(SessionHost, Protocol):
    """What a listener needs of its service."""

    async def wait_until_answering(self) -> None:
        """Wait until a new request is answered without waiting for the engine."""


@dataclass
class _Client:
    """One that connected; without a session it is being told why it may not."""

    address: IPAddress | None
    connection: Connection
    session: Session | None = None

    @property
    def is_open(self) -> bool:
        return self.session is not None and self.session.is_open


class Listener:
    """Accepts clients where the settings say, and owns their sessions until it is closed."""

    def __init__(self, name: str, settings: Settings, host: ListenerHost) -> None:
        """`name` is advertised with the host's name, unless the settings have another."""
        self._name = name
        self._settings = settings
        self._host = host
        self._limits = ConnectionLimits(
            EventLimits(settings.max_data_bytes, settings.max_payload_bytes),
            settings.idle_seconds,
            settings.send_seconds,
        )
        self._admission = Admission.from_settings(settings)
        self._clients: dict[asyncio.Task[None], _Client] = {}
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
        return sum(client.is_open for client in self._clients.values())

    async def open(self) -> None:
        """Begin to accept clients.

        Where the settings ask for it, advertise as soon as the host answers them.

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
        except (OSError, ValueError) as error:  # a ValueError: standard output is a plain file
            reason = error.strerror if isinstance(error, OSError) else None
            raise ServiceError(
                ErrorCode.PORT_TAKEN, f"cannot listen on {self._settings.uri}: {reason or error}"
            ) from None

    async def close(self) -> None:
        """Take no new clients, let running requests finish in the time allowed, end the rest."""
        if self._server is not None:
            self._server.close()
        withdrawing = asyncio.create_task(self._withdraw(), name="withdraw")
        for client in list(self._clients.values()):
            if client.session is not None:
                client.session.drain()
        await asyncio.wait([withdrawing, *self._clients], timeout=self._settings.drain_seconds)
        left = [withdrawing, *self._clients]
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=2 * STOP_SECONDS)

    async def _withdraw(self) -> None:
        if self._advertisement is not None:
            await self._advertisement.stop()

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
            self._advertisement = Advertisement(
                name, host, port, self._settings.zeroconf_interfaces
            )
            self._advertisement.start(self._host.wait_until_answering)

    async def _open_unix(self, path: Path) -> None:
        await asyncio.to_thread(remove_dead_socket, path)
        self._server = await asyncio.start_unix_server(
            self._on_connect, path, limit=MAX_HEADER_BYTES
        )
        _LOGGER.info("listening on unix://%s", path)

    async def _open_stdio(self) -> None:
        loop = asyncio.get_running_loop()
        with selectors.DefaultSelector() as selector:
            selector.register(sys.stdin, selectors.EVENT_READ)  # fails where asyncio would later
        reader = await async_get_stdin(loop)
        transport, protocol = await loop.connect_write_pipe(
            lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), _take_stdout()
        )
        writer = asyncio.StreamWriter(transport, protocol, None, loop)
        connection = Connection(reader, writer, self._limits, answer_after_eof=True)
        session = Session(connection, self._host)
        self._own(session.run(), _Client(None, connection, session)).add_done_callback(
            lambda _: self.ended.set()
        )

    async def _on_connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer, self._limits)
        address = client_address(writer.get_extra_info("peername"))
        self._bound_leaving()
        try:
            self._admission.check(address, self._clients.values())
        except ServiceError as error:
            self._own(self._refuse(connection, error), _Client(address, connection))
            return
        sock = writer.get_extra_info("socket")
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        session = Session(connection, self._host)
        self._own(session.run(), _Client(address, connection, session))

    def _bound_leaving(self) -> None:
        """Hang up on the oldest of too many that only wait for their connections to close.

        As many may wait as may be open: one that failed or was refused keeps its socket until it
        has read why.
        """
        leaving = [client for client in self._clients.values() if not client.is_open]
        for client in leaving[: max(0, len(leaving) - self._admission.most + 1)]:
            client.connection.abort()

    async def _refuse(self, connection: Connection, error: ServiceError) -> None:
        _LOGGER.warning("%s: connection refused (%s): %s", connection.peer, error.code, error.text)
        self._host.count_request(error.code)
        await connection.send_last(Error(text=error.text, code=error.code))
        await connection.drop_input()
        await connection.close()

    def _own(self, work: Coroutine[Any, Any, None], client: _Client) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name="session")
        self._clients[task] = client
        task.add_done_callback(lambda done: self._clients.pop(done, None))
        return task


def _take_stdout() -> FileIO:
    """Standard output for events alone; what libraries print goes to standard error from now."""
    events = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    return events


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")
