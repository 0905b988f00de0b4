"""The metrics of a service, as they are scraped."""

import asyncio
from collections.abc import Sequence

import pytest
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.parser import text_string_to_metric_families
from wyoming.event import Event

from tests.support.http import fetch, free_port
from tests.support.waiting import until
from tests.support.wire import connect
from tests.wyoming_serving.echo import EchoService, echo, settings
from tests.wyoming_serving.engine import EngineService, shout
from wyoming_serving import __version__
from wyoming_serving.errors import QueueFull
from wyoming_serving.monitoring import GpuMemoryCollector, SchedulerCollector
from wyoming_serving.scheduler import BatchLimits, Scheduler
from wyoming_serving.service import running

INVALID = "invalid-event"


async def samples(port: int, name: str) -> dict[str, float]:
    """The values of a metric by its outcome."""
    status, text = await fetch(port, "/metrics")
    assert status == 200
    return {
        sample.labels["outcome"]: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    }


async def test_requests_are_counted_by_outcome() -> None:
    http_port = free_port()
    service = EchoService(settings("--http-port", str(http_port)))
    async with running(service) as port:
        async with connect(port) as wire:
            await wire.send(echo("one"))
            await wire.read_type("ping")
        for event, code in ((echo("two", fail=True), "model-missing"), (Event("bad"), INVALID)):
            async with connect(port) as wire:
                await wire.send(event)
                await wire.read_error(code)
        async with connect(port) as wire:
            await wire.send(echo("unwanted", unwanted=True), echo("last"))
            await wire.read_type("ping")
        service.gate.clear()
        async with connect(port) as wire:
            await wire.send(echo("three"))
            await until(lambda: service.running == 1)
        await until(lambda: service.running == 0)
        counts = await samples(http_port, "wyoming_requests_total")
    assert counts == {"answered": 2, "model-missing": 1, INVALID: 1, "abandoned": 2}


async def test_a_service_adds_its_own_metrics() -> None:
    http_port = free_port()
    service = EchoService(settings("--http-port", str(http_port)))
    echoes = Counter("echo_runs", "Echoes", ["outcome"], registry=service.metrics)
    async with running(service):
        echoes.labels("used").inc(2)
        assert await samples(http_port, "echo_runs_total") == {"used": 2}


async def test_a_scheduler_shows_its_counters() -> None:
    def run(jobs: Sequence[int]) -> list[int | Exception]:
        return [job if job > 0 else ValueError("negative") for job in jobs]

    made: Scheduler[int, int] = Scheduler(run, BatchLimits(max_jobs=1, max_queue=3), name="ears")
    other: Scheduler[int, int] = Scheduler(run, BatchLimits(), name="device")
    registry = CollectorRegistry()
    registry.register(SchedulerCollector([made, other]))
    ears = {"scheduler": "ears"}
    tasks = [asyncio.create_task(made.submit(job)) for job in (1, -2, 3)]
    await until(lambda: made.depth == 3)
    assert registry.get_sample_value("wyoming_scheduler_depth", ears) == 3
    with pytest.raises(QueueFull):
        await made.submit(4)
    tasks.pop().cancel()
    made.start()
    await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in ("finished", "failed", "cancelled", "refused"):
        labels = ears | {"outcome": outcome}
        assert registry.get_sample_value("wyoming_scheduler_jobs_total", labels) == 1
    assert registry.get_sample_value("wyoming_scheduler_batches_total", ears) == 2
    for name in ("wait", "run"):
        total = registry.get_sample_value(f"wyoming_scheduler_{name}_seconds_total", ears)
        assert total is not None and total > 0
    await made.close()
    await other.close()


async def test_open_sessions_the_engine_and_the_event_loop_are_shown() -> None:
    http_port = free_port()
    service = EngineService(settings("--http-port", str(http_port)))
    async with running(service) as port, connect(port) as wire:
        await wire.send(shout("one"))
        await wire.read_type("ping")
        await until(lambda: service.metrics.get_sample_value("wyoming_sessions") == 1)
        engine = {"service": "engine", "version": __version__, "model": "shouter", "device": "CPU"}
        assert service.metrics.get_sample_value("wyoming_engine_info", engine) == 1
        stage = {"stage": "queue", "model": ""}
        assert service.metrics.get_sample_value("wyoming_stage_seconds_count", stage) == 1
        lag = "wyoming_event_loop_lag_seconds_count"
        await until(lambda: (service.metrics.get_sample_value(lag) or 0) > 0)
    assert service.metrics.get_sample_value("wyoming_sessions") == 0


def test_the_memory_of_a_gpu_is_shown() -> None:
    registry = CollectorRegistry()
    registry.register(GpuMemoryCollector("cuda:0", lambda: (3, 10)))
    used = {"device": "cuda:0", "kind": "used"}
    assert registry.get_sample_value("wyoming_gpu_memory_bytes", used) == 7
