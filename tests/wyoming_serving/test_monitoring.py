"""Health and metrics as they are read over HTTP."""

import asyncio
import signal
from collections.abc import Sequence
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.parser import text_string_to_metric_families
from wyoming.event import Event

from tests.support.waiting import until
from tests.support.wire import connect
from tests.wyoming_serving.echo import EchoService, echo, reachable, settings
from wyoming_serving.errors import QueueFull
from wyoming_serving.monitoring import SchedulerCollector
from wyoming_serving.scheduler import BatchLimits, Scheduler
from wyoming_serving.service import ServiceState, running, serve
from wyoming_serving.sockets import listen_on

INVALID = "invalid-event"


def free_port() -> int:
    with listen_on("127.0.0.1", 0) as taken:
        return int(taken.getsockname()[1])


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


async def fetch(port: int, path: str) -> tuple[int, str]:
    return await asyncio.to_thread(get, port, path)


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


async def test_health_names_the_state() -> None:
    port, metrics_port = free_port(), free_port()
    service = EchoService(
        settings("--uri", f"tcp://127.0.0.1:{port}", "--metrics-port", str(metrics_port))
    )
    service.loaded.clear()
    serving = asyncio.create_task(serve(service))
    await until(lambda: reachable(metrics_port))
    assert await fetch(metrics_port, "/health") == (503, "loading\n")
    service.loaded.set()
    await until(lambda: service.ready)
    assert await fetch(metrics_port, "/health") == (200, "ready\n")
    service.enter(ServiceState.DEGRADED)
    assert await fetch(metrics_port, "/health") == (200, "degraded\n")
    service.gate.clear()
    async with connect(port) as wire:
        await wire.send(echo("last words"))
        await until(lambda: service.running == 1)
        signal.raise_signal(signal.SIGTERM)
        await until(lambda: service.state is ServiceState.DRAINING)
        assert await fetch(metrics_port, "/health") == (503, "draining\n")
        service.gate.set()
        await wire.read_type("ping")
    assert await serving == 0
    assert not reachable(metrics_port)


async def test_requests_are_counted_by_outcome() -> None:
    metrics_port = free_port()
    service = EchoService(settings("--metrics-port", str(metrics_port)))
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
        counts = await samples(metrics_port, "wyoming_requests_total")
    assert counts == {"answered": 2, "model-missing": 1, INVALID: 1, "abandoned": 2}


async def test_a_service_adds_its_own_metrics() -> None:
    metrics_port = free_port()
    service = EchoService(settings("--metrics-port", str(metrics_port)))
    echoes = Counter("echo_runs", "Echoes", ["outcome"], registry=service.metrics)
    async with running(service):
        echoes.labels("used").inc(2)
        assert await samples(metrics_port, "echo_runs_total") == {"used": 2}


async def test_a_scheduler_shows_its_counters() -> None:
    def run(jobs: Sequence[int]) -> list[int | Exception]:
        return [job if job > 0 else ValueError("negative") for job in jobs]

    made: Scheduler[int, int] = Scheduler(run, BatchLimits(max_jobs=1, max_queue=3), name="ears")
    other: Scheduler[int, int] = Scheduler(run, BatchLimits(), name="device")
    registry = CollectorRegistry()
    registry.register(SchedulerCollector(made, other))
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


async def test_another_path_is_not_found() -> None:
    metrics_port = free_port()
    service = EchoService(settings("--metrics-port", str(metrics_port)))
    async with running(service):
        status, text = await fetch(metrics_port, "/")
    assert (status, text) == (404, "there are /metrics and /health\n")


async def test_a_port_in_use_ends_the_service(caplog: pytest.LogCaptureFixture) -> None:
    with listen_on("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        service = EchoService(settings("--metrics-port", str(port)))
        assert await serve(service) == 1
    assert f"metrics_port {port} on 127.0.0.1" in caplog.text
    assert service.closed
