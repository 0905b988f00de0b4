"""The life of a service process: listen, load, serve, drain, stop."""

import asyncio
import contextlib
import logging
import os
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from enum import StrEnum
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, Counter, ProcessCollector
from wyoming.info import Info

from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.listener import Listener
from wyoming_serving.monitoring import monitoring_server
from wyoming_serving.session import Client, Handler, RequestOutcome
from wyoming_serving.settings import Settings
from wyoming_serving.sockets import listen_on
from wyoming_serving.termination import Termination

_LOGGER = logging.getLogger(__name__)

CLOSE_SECONDS = 0.7
"""After the time to drain, for clients and the engine to close."""

EXIT_SECONDS = 0.2
"""After that, for the interpreter to end."""


class ServiceState(StrEnum):
    """Where a service is in its life; it moves downward only, but may recover from degraded."""

    STARTING = "starting"
    """It does not listen yet."""
    LOADING = "loading"
    """Clients may connect; their requests wait for the engine."""
    READY = "ready"
    DEGRADED = "degraded"
    """Requests are answered, but not as the settings ask; the log says what is missing."""
    DRAINING = "draining"
    """No client is accepted; running requests may finish."""
    STOPPED = "stopped"

    @property
    def answers(self) -> bool:
        """Whether a new request is answered without waiting for the engine."""
        return self in (ServiceState.READY, ServiceState.DEGRADED)


_NEXT = {
    ServiceState.STARTING: (ServiceState.LOADING, ServiceState.DRAINING),
    ServiceState.LOADING: (ServiceState.READY, ServiceState.DEGRADED, ServiceState.DRAINING),
    ServiceState.READY: (ServiceState.DEGRADED, ServiceState.DRAINING),
    ServiceState.DEGRADED: (ServiceState.READY, ServiceState.DRAINING),
    ServiceState.DRAINING: (ServiceState.STOPPED,),
    ServiceState.STOPPED: (),
}


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
        self._state = ServiceState.STARTING
        self._state_changed = asyncio.Event()
        self._loaded = False

    @abstractmethod
    async def load(self) -> None:
        """Load and warm up the engine. It may be cancelled.

        Raises:
            ServiceError: it cannot run here; the text says why and what to do.
        """

    @abstractmethod
    def info(self) -> Info:
        """Returns what the service offers, as far as it is known now."""

    async def describe(self) -> Info:
        """Returns the answer to a `describe`; a service may look around first."""
        return self.info()

    @abstractmethod
    def handler(self, client: Client) -> Handler:
        """Returns the handler of a new connection."""

    @abstractmethod
    async def close(self) -> None:
        """Stop the engine. It is called once, also when `load` failed or never ran."""

    @property
    def state(self) -> ServiceState:
        """Where the service is in its life."""
        return self._state

    @property
    def ready(self) -> bool:
        """Whether a new request is answered without waiting for the engine."""
        return self._state.answers

    def enter(self, state: ServiceState) -> None:
        """Change the state and wake those that wait for one.

        Raises:
            ValueError: that state does not follow the present one.
        """
        if state is self._state:
            return
        if state not in _NEXT[self._state]:
            raise ValueError(f"a service that is {self._state} cannot become {state}")
        _LOGGER.debug("%s: %s", self.name, state)
        self._state = state
        changed, self._state_changed = self._state_changed, asyncio.Event()
        changed.set()

    async def wait_for_state(self, *states: ServiceState) -> ServiceState:
        """Wait until the service is in one of `states`; returns which one.

        A state that lasts for an instant only may be missed: name those that follow it, too.
        """
        while self._state not in states:
            await self._state_changed.wait()
        return self._state

    async def start(self) -> None:
        """Load the engine; from then on requests are answered.

        Raises:
            ServiceError: the engine cannot run here.
        """
        loop = asyncio.get_running_loop()
        started = loop.time()
        self.enter(ServiceState.LOADING)
        await self.load()
        self._loaded = True
        if self._state is ServiceState.LOADING:  # loading may have found it degraded
            self.enter(ServiceState.READY)
        _LOGGER.info("%s after %.1f s", self._state, loop.time() - started)

    async def wait_until_answering(self) -> None:
        """Wait until a new request is answered without waiting for the engine."""
        await self.wait_for_state(ServiceState.READY, ServiceState.DEGRADED)

    async def wait_ready(self) -> None:
        """Wait until the engine is loaded.

        Raises:
            ServiceError: `not-ready`, when that takes longer than allowed or will not happen.
        """
        try:
            async with asyncio.timeout(self.settings.load_wait_seconds):
                await self.wait_for_state(
                    ServiceState.READY,
                    ServiceState.DEGRADED,
                    ServiceState.DRAINING,
                    ServiceState.STOPPED,
                )
        except TimeoutError:
            raise ServiceError(
                ErrorCode.NOT_READY, "the model is still loading; try again"
            ) from None
        if not self._loaded:
            raise ServiceError(ErrorCode.NOT_READY, "the service stops before its model is loaded")

    def count_request(self, outcome: RequestOutcome | ErrorCode) -> None:
        """Count a request by how it ended."""
        self._requests.labels(outcome).inc()


@contextlib.asynccontextmanager
async def running(service: Service) -> AsyncIterator[int]:
    """Serve on a tcp URI within a running program until the block ends.

    Yields the port, once the engine is loaded.

    Raises:
        ServiceError: it cannot listen, or cannot load.
    """
    async with _started(service) as (listener, loading):
        await loading
        assert listener.port is not None, "only a tcp URI has a port"
        yield listener.port


async def serve(service: Service) -> int:
    """Run `service` until SIGTERM, SIGINT or the end of its input; returns the exit status.

    After a signal the process ends within `drain_seconds` and a little, whatever hangs.
    """
    with Termination(service.settings.drain_seconds + CLOSE_SECONDS) as termination:
        try:
            async with _started(service) as (listener, loading):
                await _until_stopped(loading, termination.requested, listener.ended)
        except ServiceError as error:
            _LOGGER.error("%s", error.text)
            return 1
    return 0


def run(service: Service) -> int:
    """Run a service as this process's only work; returns the exit status.

    A worker thread that still loads a model or computes cannot be stopped, and would keep a
    process alive that was told to end: then the process exits without it.
    """
    return asyncio.run(_run(service))


async def _run(service: Service) -> int:
    status = await serve(service)
    logging.shutdown()
    sys.stdout.flush()
    # ends what asyncio and the interpreter would wait for: threads that compute
    last = threading.Timer(EXIT_SECONDS, os._exit, [status])
    last.daemon = True
    last.start()
    return status


@contextlib.asynccontextmanager
async def _started(service: Service) -> AsyncIterator[tuple[Listener, asyncio.Task[None]]]:
    """Listen and begin to load; whatever happens then, end in the one order there is."""
    listener = Listener(service.name, service.settings, service)
    try:
        async with _monitored(service):
            await listener.open()
            loading = asyncio.create_task(service.start(), name="load")
            try:
                yield listener, loading
            finally:
                _LOGGER.info("stopping")
                service.enter(ServiceState.DRAINING)
                loading.cancel()
                await asyncio.gather(loading, return_exceptions=True)
                await listener.close()
    finally:
        service.enter(ServiceState.DRAINING)
        await service.close()
        service.enter(ServiceState.STOPPED)


async def _until_stopped(loading: asyncio.Task[None], *ends: asyncio.Event) -> None:
    """Wait for the first of `ends`, or for a failure to load, which is raised."""
    waits = [asyncio.create_task(end.wait(), name="end") for end in ends]
    try:
        await asyncio.wait({loading, *waits}, return_when=asyncio.FIRST_COMPLETED)
        if loading.done():
            loading.result()
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waits:
            task.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


@contextlib.asynccontextmanager
async def _monitored(service: Service) -> AsyncIterator[None]:
    """Serve health and metrics where the settings ask for it.

    Raises:
        ServiceError: `port-taken`, the port cannot be had.
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
    async with monitoring_server(listening, service.metrics, service):
        yield
