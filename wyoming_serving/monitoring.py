"""What is measured of a service, for Prometheus and for `/status`; docs/operations.md lists it."""

import asyncio
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from wyoming_serving import __version__
from wyoming_serving.job_scheduler import WatchedScheduler
from wyoming_serving.reports import RequestReport
from wyoming_serving.status import EngineDescription, LastError, QueueStatus

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 30)
_LAG_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)

_LAG_PROBE_SECONDS = 0.5


class ServiceMetrics:
    """The metrics that every service has, in a registry that takes those of its own as well."""

    def __init__(self, name: str, registry: CollectorRegistry) -> None:
        """`name`: the service's."""
        self._name = name
        self._requests = Counter(
            "wyoming_requests", "Requests by outcome", ["outcome"], registry=registry
        )
        self._stages = Histogram(
            "wyoming_stage_seconds",
            "Time of the stages of answered requests",
            ["stage", "model"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._lag = Histogram(
            "wyoming_event_loop_lag_seconds",
            "How late the event loop did what was due",
            buckets=_LAG_SECONDS,
            registry=registry,
        )
        self._tasks = Gauge(
            "wyoming_event_loop_tasks", "Tasks of the event loop", registry=registry
        )
        self._sessions = Gauge("wyoming_sessions", "Open connections", registry=registry)
        self._problems = Gauge(
            "wyoming_problem", "1 while there is a problem", ["problem"], registry=registry
        )
        self._engine = Gauge(
            "wyoming_engine_info",
            "What answers requests",
            ["service", "version", "model", "device"],
            registry=registry,
        )
        ProcessCollector(registry=registry)
        self.last_error: LastError | None = None

    def count_sessions(self, count: Callable[[], int]) -> None:
        """Show how many connections are open, as `count` tells at each scrape."""
        self._sessions.set_function(count)

    def describe_engines(self, engines: Iterable[EngineDescription]) -> None:
        """Show what answers requests now."""
        self._engine.clear()
        for engine in engines:
            self._engine.labels(self._name, __version__, engine.model, engine.device).set(1)

    def set_problem(self, problem: str, *, exists: bool) -> None:
        """Show that there is a problem of a kind, or none any more."""
        self._problems.labels(problem).set(exists)

    def count_request(self, outcome: str) -> None:
        """Count a request that ended."""
        self._requests.labels(outcome).inc()

    def observe(self, report: RequestReport) -> None:
        """Count the stages of a request that was answered."""
        for stage, seconds in report.stages.items():
            self._stages.labels(stage, report.model or "").observe(seconds)

    def note_error(self, code: str, text: str) -> None:
        """Keep the latest error for the status."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.last_error = LastError(now, code, text)

    async def probe_event_loop(self) -> None:
        """Measure, until cancelled, how late the event loop does what is due."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _LAG_PROBE_SECONDS
            await asyncio.sleep(_LAG_PROBE_SECONDS)
            self._lag.observe(max(0.0, loop.time() - due))
            self._tasks.set(len(asyncio.all_tasks()))


class GpuMemoryCollector(Collector):
    """A GPU's memory, read at each scrape."""

    def __init__(self, device: str, memory: Callable[[], tuple[int, int]]) -> None:
        """`memory` returns the free and the total bytes of `device`."""
        self._device = device
        self._memory = memory

    def collect(self) -> list[Metric]:
        """Returns the metrics with their present values."""
        free, total = self._memory()
        family = GaugeMetricFamily(
            "wyoming_gpu_memory_bytes", "Memory of the GPU", labels=["device", "kind"]
        )
        family.add_metric([self._device, "used"], total - free)
        family.add_metric([self._device, "total"], total)
        return [family]


class SchedulerCollector(Collector):
    """The counters of a service's schedulers, read at each scrape."""

    def __init__(self, schedulers: Collection[WatchedScheduler]) -> None:
        """`schedulers` may change."""
        self._schedulers = schedulers

    def describe(self) -> list[Metric]:
        """Returns the metrics for their names, which a registry checks."""
        return list(self.collect())

    def collect(self) -> list[Metric]:
        """Returns every metric with its present values."""
        of = ["scheduler"]
        depth = GaugeMetricFamily("wyoming_scheduler_depth", "Jobs that wait", labels=of)
        running = GaugeMetricFamily("wyoming_scheduler_running", "Jobs that run", labels=of)
        lost = GaugeMetricFamily(
            "wyoming_scheduler_lost_workers", "Workers whose batch ran too long", labels=of
        )
        jobs = CounterMetricFamily(
            "wyoming_scheduler_jobs", "Jobs by outcome", labels=[*of, "outcome"]
        )
        retries = CounterMetricFamily(
            "wyoming_scheduler_retries", "Jobs that were run again", labels=of
        )
        batches = CounterMetricFamily("wyoming_scheduler_batches", "Batches that ran", labels=of)
        wait = CounterMetricFamily(
            "wyoming_scheduler_wait_seconds", "Time that jobs waited", labels=of
        )
        run = CounterMetricFamily(
            "wyoming_scheduler_run_seconds", "Time that batches ran", labels=of
        )
        for scheduler in self._schedulers:
            stats, name = scheduler.stats, scheduler.name
            depth.add_metric([name], scheduler.depth)
            running.add_metric([name], scheduler.running)
            lost.add_metric([name], scheduler.lost_workers)
            for outcome in ("finished", "failed", "cancelled", "refused"):
                jobs.add_metric([name, outcome], getattr(stats, outcome))
            retries.add_metric([name], stats.retried)
            batches.add_metric([name], stats.batches)
            wait.add_metric([name], stats.wait_seconds)
            run.add_metric([name], stats.run_seconds)
        return [depth, running, lost, jobs, retries, batches, wait, run]


def queue_status(scheduler: WatchedScheduler) -> QueueStatus:
    """Returns a scheduler's present state for `/status`."""
    return QueueStatus(
        waiting=scheduler.depth,
        running=scheduler.running,
        max_waiting=scheduler.limits.max_queue,
        workers=scheduler.limits.workers,
        lost_workers=scheduler.lost_workers,
    )
