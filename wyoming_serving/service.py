"""The life of a service process: listen, load, serve, drain, stop."""

import asyncio
import contextlib
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry
from wyoming.info import Info

from wyoming_serving import __version__
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.health import Health
from wyoming_serving.job_scheduler import WatchedScheduler
from wyoming_serving.listener import Listener
from wyoming_serving.logs import log_request
from wyoming_serving.monitoring import (
    GpuMemoryCollector,
    SchedulerCollector,
    ServiceMetrics,
    queue_status,
)
from wyoming_serving.recent import MOST_REQUESTS, RecentRequests
from wyoming_serving.reports import RequestReport
from wyoming_serving.session import Client, Handler, RequestOutcome
from wyoming_serving.settings import Settings
from wyoming_serving.state import Life, ServiceState
from wyoming_serving.status import (
    EngineDescription,
    MemoryStatus,
    ServiceStatus,
    with_problems,
)
from wyoming_serving.supervision import (
    Canary,
    Problem,
    Reduction,
    SupervisionLimits,
    Supervisor,
)
from wyoming_serving.termination import Termination, until_stopped
from wyoming_serving.tracing.starting import traced

if TYPE_CHECKING:  # imported only where HTTP is asked for, as it takes a quarter of a second
    from aiohttp import web

_LOGGER = logging.getLogger(__name__)

CLOSE_SECONDS = 0.7
"""After the time to drain, for clients and the engine to close."""


class Service(ABC):
    """What a server of this project brings: an engine, handlers for clients, and its info."""

    name: str
    """Short name, used for the advertisement."""
    page_shelf: Path | None = None
    """The folder with the service's part of the page (`wyoming_serving.http.page`)."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = CollectorRegistry()
        """What `/metrics` shows. A service adds its own:

        `self._runs = Counter("funasr_runs", "Runs by outcome", ["outcome"], registry=self.metrics)`
        and, where one happens, `self._runs.labels("used").inc()`.
        """
        self.measured = ServiceMetrics(self.name, self.metrics)
        most = MOST_REQUESTS if settings.http_port else 0  # nobody could see them
        self.recent = RecentRequests(most, shows_texts=settings.http_show_texts)
        """What the page shows of requests."""
        self.supervisor = Supervisor(self, SupervisionLimits.from_settings(settings))
        self._engines: Sequence[EngineDescription] = ()
        self._gpu_memory: Callable[[], tuple[int, int]] | None = None
        self._schedulers: list[WatchedScheduler] = []
        self.metrics.register(SchedulerCollector(self._schedulers))
        self._problems: dict[Problem, str] = {}
        self._sessions: Callable[[], int] = lambda: 0
        self._made_at = time.monotonic()
        self._life = Life()
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
        """Returns the answer to a `describe`: the info, with what is wrong in its descriptions.

        A service may look around first.
        """
        return with_problems(self.info(), self._problems.values())

    @abstractmethod
    def handler(self, client: Client) -> Handler:
        """Returns the handler of a new connection."""

    @abstractmethod
    async def close(self) -> None:
        """Stop the engine. It is called once, also when `load` failed or never ran."""

    async def rebuild(self, reduction: Reduction) -> None:
        """Load the engine again with less, after its device failed, and give it to its scheduler.

        Raises:
            Exception: it cannot be rebuilt so.
        """
        raise NotImplementedError(f"{self.name} cannot be rebuilt")

    def routes(self) -> "Sequence[web.AbstractRouteDef]":
        """Returns routes of the service's own for the HTTP application, where there is one."""
        return ()

    def engine_loaded(
        self, engines: Sequence[EngineDescription], watched: Mapping[WatchedScheduler, Canary]
    ) -> None:
        """Take note of what answers, too; its schedulers are watched with their canaries."""
        self.describe_engines([*self._engines, *engines])
        self._schedulers += watched
        for scheduler, canary in watched.items():
            self.supervisor.watch(scheduler, canary)

    async def engine_removed(self, model: str, scheduler: WatchedScheduler) -> None:
        """Take note that an engine answers no more."""
        self._schedulers.remove(scheduler)
        self.describe_engines([one for one in self._engines if one.model != model])
        await self.supervisor.forget(scheduler)

    def describe_engines(self, engines: Sequence[EngineDescription]) -> None:
        """Say, for the status, what answers now."""
        self._engines = engines
        self.measured.describe_engines(engines)

    def show_gpu_memory(self, device: str, memory: Callable[[], tuple[int, int]]) -> None:
        """Show a GPU's memory, of which `memory` returns the free and the total bytes."""
        self._gpu_memory = memory
        self.metrics.register(GpuMemoryCollector(device, memory))

    @property
    def state(self) -> ServiceState:
        """Where the service is in its life."""
        return self._life.state

    @property
    def is_live(self) -> bool:
        """Whether the process may go on; False once it is about to end as its engine is lost."""
        return not self.supervisor.is_lost

    @property
    def is_started(self) -> bool:
        """Whether the engine has been loaded."""
        return self._loaded

    @property
    def is_ready(self) -> bool:
        """Whether a request would be answered now, as far as is known."""
        return self.state.answers and Problem.ENGINE not in self._problems

    @property
    def ready(self) -> bool:
        """Whether a new request is answered without waiting for the engine."""
        return self.state.answers

    def enter(self, state: ServiceState) -> None:
        """Change the state and wake those that wait for one.

        Raises:
            ValueError: that state does not follow the present one.
        """
        _LOGGER.debug("%s: %s", self.name, state)
        self._life.enter(state)

    async def wait_for_state(self, *states: ServiceState) -> ServiceState:
        """See `Life.wait_for`."""
        return await self._life.wait_for(*states)

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
        if self.state is ServiceState.LOADING:  # loading may have found it degraded
            self.enter(ServiceState.READY)
        _LOGGER.info("%s after %.1f s", self.state, loop.time() - started)

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

    def set_problem(self, problem: Problem, text: str | None) -> None:
        """Take note of a problem, or with None of its end; the service is degraded meanwhile."""
        if text is None:
            self._problems.pop(problem, None)
        else:
            if problem not in self._problems:
                self.measured.note_error(ErrorCode.ENGINE_FAILED, text)
            self._problems[problem] = text
        self.measured.set_problem(problem, exists=text is not None)
        if self.state.answers:
            self.enter(ServiceState.DEGRADED if self._problems else ServiceState.READY)

    def count_request(self, outcome: RequestOutcome | ErrorCode) -> None:
        """Count what ended before it was a request: a wrong event, a refused connection."""
        self.measured.count_request(outcome)

    def request_ended(self, client: str, report: RequestReport) -> None:
        """Log and count a request."""
        self.recent.add(client, report)
        self.measured.count_request(report.outcome)
        if report.outcome == RequestOutcome.ANSWERED:
            self.measured.observe(report)
        if report.error is not None:
            self.measured.note_error(report.outcome, report.error)
        log_request(client, report)

    def health(self) -> Health:
        """Returns whether a request would be answered now, and why not."""
        return Health(self.is_ready, self.state, self._named_problems())

    def status(self) -> ServiceStatus:
        """Returns what is known of the service now."""
        return ServiceStatus(
            name=self.name,
            version=__version__,
            state=self.state,
            problems=self._named_problems(),
            uptime_seconds=round(time.monotonic() - self._made_at, 1),
            engines=self._engines,
            memory=MemoryStatus.now(self._gpu_memory),
            sessions=self._sessions(),
            max_sessions=self.settings.max_connections,
            queues={scheduler.name: queue_status(scheduler) for scheduler in self._schedulers},
            last_error=self.measured.last_error,
        )

    def _named_problems(self) -> dict[str, str]:
        return {str(problem): text for problem, text in self._problems.items()}

    def count_sessions(self, count: Callable[[], int]) -> None:
        """Show how many connections are open, as `count` tells."""
        self._sessions = count
        self.measured.count_sessions(count)


@contextlib.asynccontextmanager
async def running(service: Service) -> AsyncIterator[int]:
    """Serve on a tcp URI within a running program until the block ends.

    Yields the port, once the engine is loaded.

    Raises:
        ServiceError: it cannot listen, or cannot load.
    """
    async with traced(service), _started(service) as (listener, loading, _):
        await loading
        assert listener.port is not None, "only a tcp URI has a port"
        yield listener.port


@contextlib.asynccontextmanager
async def loaded(service: Service) -> AsyncIterator[None]:
    """Run a service's engine within a program, without any socket, until the block ends.

    Raises:
        ServiceError: it cannot load.
    """
    async with traced(service):
        watching = asyncio.create_task(_watch(service), name="watch")
        try:
            await service.start()
            yield
        finally:
            service.enter(ServiceState.DRAINING)
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await service.close()
            service.enter(ServiceState.STOPPED)


async def serve(service: Service) -> int:
    """Run `service` until SIGTERM, SIGINT, the end of its input or the loss of its engine.

    Returns the exit status, 0 where it was told to end. After a signal the process ends within
    `drain_seconds` and a little, whatever hangs.
    """
    with Termination(service.settings.drain_seconds + CLOSE_SECONDS) as termination:
        try:
            async with traced(service), _started(service) as (listener, *work):
                await until_stopped(work, [termination.requested, listener.ended])
        except ServiceError as error:
            _LOGGER.error("%s", error.text)
            return 1
    return 0


_Work = asyncio.Task[None]
"""What goes on while a service runs: loading, which ends, and watching, which does not."""


@contextlib.asynccontextmanager
async def _started(service: Service) -> AsyncIterator[tuple[Listener, _Work, _Work]]:
    """Listen, begin to load, and watch the engine; whatever happens then, end in one order."""
    listener = Listener(service.name, service.settings, service)
    service.count_sessions(lambda: listener.open_sessions)
    try:
        async with _http(service) as drain_http:
            await listener.open()
            loading = asyncio.create_task(service.start(), name="load")
            watching = asyncio.create_task(_watch(service), name="watch")
            try:
                yield listener, loading, watching
            finally:
                _LOGGER.info("stopping")
                service.enter(ServiceState.DRAINING)
                loading.cancel()
                watching.cancel()
                await asyncio.gather(loading, watching, return_exceptions=True)
                await asyncio.gather(listener.close(), drain_http(service.settings.drain_seconds))
    finally:
        service.enter(ServiceState.DRAINING)
        await service.close()
        service.enter(ServiceState.STOPPED)


async def _watch(service: Service) -> None:
    """Watch the event loop and, once it is loaded, the engine.

    Raises:
        ServiceError: the engine is lost.
    """
    probe = asyncio.create_task(service.measured.probe_event_loop(), name="event loop probe")
    try:
        await service.wait_for_state(ServiceState.READY, ServiceState.DEGRADED)
        await service.supervisor.run()
    finally:
        probe.cancel()
        await asyncio.gather(probe, return_exceptions=True)


@contextlib.asynccontextmanager
async def _http(service: Service) -> AsyncIterator[Callable[[float], Awaitable[None]]]:
    """Serve HTTP where the settings ask for it; yields how its requests are brought to an end.

    Raises:
        ServiceError: `port-taken`, the port cannot be had; `token-file-invalid`.
    """
    if service.settings.http_port == 0:
        yield _no_drain
        return
    from wyoming_serving.http.server import http_server

    async with http_server(service.settings, service, service.metrics) as api:
        yield api.drain


async def _no_drain(_: float) -> None:
    """Nothing is under way where there is no HTTP server."""
