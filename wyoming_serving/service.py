"""The life of a service process: listen, load, advertise, serve, drain, stop."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from io import FileIO
from pathlib import Path
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, Counter, ProcessCollector
from wyoming.event import async_get_stdin
from wyoming.info import Info

from wyoming_serving.discovery import Advertisement, default_name
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.events import MAX_HEADER_BYTES
from wyoming_serving.monitoring import READY, monitoring_server
from wyoming_serving.session import Client, Handler, RequestOutcome, Session, SessionLimits
from wyoming_serving.settings import Settings
from wyoming_serving.sockets import EVERY_ADDRESS, listen_on

_LOGGER = logging.getLogger(__name__)


class Service(ABC):
    """What a server of this project brings: an engine, handlers for clients, and its info."""

    name: str
    """Short name, used for the advertisement."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = CollectorRegistry()
        """What `/metrics` shows. A service adds its own:

        `self.metrics.register(SchedulerCollector(self._scheduler))`, once for all its schedulers,
        `self._runs = Counter("funasr_runs", "Runs by outcome", ["outcome"], registry=self.metrics)`
        and, where one happens, `self._runs.labels("used").inc()`.
        """
        self._requests = Counter(
            "wyoming_requests", "Requests by outcome", ["outcome"], registry=self.metrics
        )
        ProcessCollector(registry=self.metrics)
        self._ready: asyncio.Future[None] | None = None
        self._stopping = False

    @abstractmethod
    async def load(self) -> None:
        """Load and warm up the engine.

        Raises:
            ServiceError: it cannot run here; the text says why and what to do.
        """

    @abstractmethod
    def info(self) -> Info:
        """What the service offers, as far as it is known now."""

    @abstractmethod
    def handler(self, client: Client) -> Handler:
        """Returns the handler of a new connection."""

    @abstractmethod
    async def close(self) -> None:
        """Stop the engine."""

    async def wait_ready(self) -> None:
        """Wait until the engine is loaded.

        Raises:
            ServiceError: with code `not-ready`, when that takes longer than allowed.
        """
        assert self._ready is not None
        try:
            async with asyncio.timeout(self.settings.load_wait_seconds):
                await asyncio.shield(self._ready)
        except TimeoutError:
            raise ServiceError(
                ErrorCode.NOT_READY, "the model is still loading; try again"
            ) from None

    @property
    def ready(self) -> bool:
        """Whether the engine is loaded and warm."""
        return self._ready is not None and self._ready.done() and not self._ready.cancelled()

    @property
    def health(self) -> str:
        """`ready`, `loading` or `stopping`."""
        if self._stopping:
            return "stopping"
        return READY if self.ready else "loading"

    def count_request(self, outcome: RequestOutcome | ErrorCode) -> None:
        """Count a request by how it ended."""
        self._requests.labels(outcome).inc()

    async def _load(self) -> None:
        self._ready = asyncio.get_running_loop().create_future()
        loop = asyncio.get_running_loop()
        started = loop.time()
        await self.load()
        self._ready.set_result(None)
        _LOGGER.info("ready after %.1f s", loop.time() - started)


async def serve(service: Service) -> int:
    """Run `service` until SIGTERM or SIGINT; gives the exit status of the process."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        async with _Listener(service) as listener, _monitored(service):
            loading = asyncio.create_task(service._load(), name="load")
            stopping = asyncio.create_task(stop.wait(), name="stop")
            ended = asyncio.create_task(listener.ended.wait(), name="ended")
            try:
                await asyncio.wait({loading, stopping, ended}, return_when=asyncio.FIRST_COMPLETED)
                if loading.done():
                    loading.result()
                    await asyncio.wait({stopping, ended}, return_when=asyncio.FIRST_COMPLETED)
                if not ended.done():
                    _LOGGER.info("stopping")
                    await listener.drain()
            finally:
                for task in (loading, stopping, ended):
                    task.cancel()
                await asyncio.gather(loading, stopping, ended, return_exceptions=True)
    except ServiceError as error:
        _LOGGER.error("%s", error.text)
        return 1
    except OSError as error:
        _LOGGER.error("cannot listen on %s: %s", service.settings.uri, error.strerror or error)
        return 1
    finally:
        await service.close()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
    return 0


class _Listener:
    """The listening socket, its sessions and its advertisement."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._settings = service.settings
        self._limits = SessionLimits(self._settings.max_payload_bytes, self._settings.idle_seconds)
        self._sessions: dict[asyncio.Task[None], Session] = {}
        self._server: asyncio.Server | None = None
        self._advertisement: Advertisement | None = None
        self.ended = asyncio.Event()

    async def __aenter__(self) -> "_Listener":
        uri = urlsplit(self._settings.uri)
        if uri.scheme == "stdio":
            await self._open_stdio()
        elif uri.scheme == "unix":
            await self._open_unix(Path(uri.netloc + uri.path))
        else:
            await self._open_tcp(uri.hostname or "0.0.0.0", uri.port or 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._advertisement is not None:
            await self._advertisement.stop()
        self._stop_listening()
        for task in list(self._sessions):
            task.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    async def drain(self) -> None:
        """Take no new clients, let running requests finish within the time allowed."""
        self._service._stopping = True
        if self._advertisement is not None:
            await self._advertisement.stop()
        self._stop_listening()
        for session in self._sessions.values():
            session.drain()
        if self._sessions:
            await asyncio.wait(self._sessions, timeout=self._settings.drain_seconds)

    async def _open_tcp(self, host: str, port: int) -> None:
        if host in EVERY_ADDRESS:
            self._server = await asyncio.start_server(
                self._on_connect, sock=listen_on(host, port), limit=MAX_HEADER_BYTES
            )
        else:
            self._server = await asyncio.start_server(
                self._on_connect, host, port, limit=MAX_HEADER_BYTES
            )
        port = self._server.sockets[0].getsockname()[1]
        _LOGGER.info("listening on tcp://%s:%d", f"[{host}]" if ":" in host else host, port)
        if self._settings.zeroconf and not _is_loopback(host):
            name = self._settings.zeroconf_name or default_name(self._service.name)
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
        session = Session(reader, writer, self._service, self._limits, answer_after_eof=True)
        self._own(session).add_done_callback(lambda _: self.ended.set())

    async def _on_connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._sessions) >= self._settings.max_connections:
            _LOGGER.warning("connection refused: %d are open", len(self._sessions))
            writer.close()
            return
        sock = writer.get_extra_info("socket")
        if sock is not None and sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._own(Session(reader, writer, self._service, self._limits))

    def _own(self, session: Session) -> asyncio.Task[None]:
        task = asyncio.create_task(session.run(), name="session")
        self._sessions[task] = session
        task.add_done_callback(lambda done: self._sessions.pop(done, None))
        return task

    def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None


@contextlib.asynccontextmanager
async def _monitored(service: Service) -> AsyncIterator[None]:
    """Serve health and metrics where the settings ask for it.

    Raises:
        ServiceError: the port cannot be had.
    """
    port = service.settings.metrics_port
    if port == 0:
        yield
        return
    uri = urlsplit(service.settings.uri)
    host = (uri.hostname or "0.0.0.0") if uri.scheme == "tcp" else "127.0.0.1"
    try:
        listening = listen_on(host, port)
    except OSError as error:
        reason = error.strerror or error
        raise ServiceError(
            ErrorCode.PORT_TAKEN, f"metrics_port {port} on {host}: {reason}"
        ) from None
    _LOGGER.info("metrics and health on port %d", port)
    async with monitoring_server(listening, service.metrics, lambda: service.health):
        yield


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


@contextlib.asynccontextmanager
async def running(service: Service) -> AsyncIterator[int]:
    """Serve within a running program on a tcp URI and wait until ready; gives the port."""
    async with _Listener(service) as listener, _monitored(service):
        try:
            await service._load()
            assert listener._server is not None
            yield listener._server.sockets[0].getsockname()[1]
        finally:
            await service.close()


def run(service: Service) -> int:
    """Run a service as this process's only work; gives the exit status.

    A worker thread that still loads a model or computes cannot be stopped, and would keep a
    process alive that was told to end: then the process ends without it.
    """
    status = asyncio.run(serve(service))
    if any(not t.daemon and t is not threading.main_thread() for t in threading.enumerate()):
        logging.shutdown()
        sys.stdout.flush()
        os._exit(status)
    return status
