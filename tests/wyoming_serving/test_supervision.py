"""An engine in trouble: its clients are freed, health says so, it recovers or the process ends."""

import asyncio
import logging

import pytest
from wyoming.info import Describe, Info

from tests.support.http import fetch, fetch_status, free_port
from tests.support.waiting import until
from tests.support.wire import Wire, connect
from tests.wyoming_serving.echo import reachable, settings
from tests.wyoming_serving.engine import Engine, EngineService, shout
from wyoming_serving.service import running, serve
from wyoming_serving.state import ServiceState
from wyoming_serving.supervision import Reduction, is_device_failure


class OutOfMemoryError(RuntimeError):
    """Named as torch names it."""


def make(*words: str) -> tuple[EngineService, int]:
    """A service with an HTTP port, in which trouble is noticed and over soon."""
    port = free_port()
    quick = ("--http-port", str(port), "--job-seconds", "0.5", "--canary-seconds", "0")
    return EngineService(settings(*quick, *words)), port


async def test_clients_of_a_batch_that_never_returns_are_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    service, http = make("--restart-seconds", "0")
    async with running(service) as port, connect(port) as first, connect(port) as second:
        service.engine.healthy.clear()
        await first.send(shout("one"))
        await until(lambda: service.engine.batches == [["one"]])
        await second.send(shout("two"))
        await first.read_error("engine-failed")
        await second.read_error("engine-failed")  # no worker is left for it
        async with connect(port) as third:
            await third.send(shout("three"))
            await third.read_error("engine-failed")
        await until(lambda: service.state is ServiceState.DEGRADED)
        assert await fetch(http, "/health/ready") == (503, "degraded\n")
        assert await fetch(http, "/health/live") == (200, "degraded\n")
        status = await fetch_status(http)
        assert status["queues"]["device"]["lost_workers"] == 1
        assert "not returned" in status["problems"]["engine"]

        service.engine.healthy.set()
        await until(lambda: service.state is ServiceState.READY)
        async with connect(port) as fourth:
            await fourth.send(shout("four"))
            assert (await fourth.read_type("ping")).data["text"] == "FOUR"
    assert "the engine answers again" in caplog.text


async def test_a_process_whose_engine_does_not_recover_ends(
    caplog: pytest.LogCaptureFixture,
) -> None:
    service, http = make("--restart-seconds", "0.5", "--canary-seconds", "0.05")
    serving = asyncio.create_task(serve(service))
    await until(lambda: service.ready)
    service.engine.healthy.clear()  # a canary finds it
    assert await serving == 1
    assert "its supervisor starts it again" in caplog.text
    assert not service.is_live
    assert not reachable(http)


async def test_an_engine_that_fails_on_every_batch_is_found_and_may_recover() -> None:
    service, http = make("--restart-seconds", "0")
    async with running(service) as port:
        service.engine.failure = RuntimeError("nothing works")
        async with connect(port) as wire:
            await wire.send(shout("one"))
            await wire.read_error("internal-error")
        await until(lambda: service.state is ServiceState.DEGRADED)
        assert "nothing works" in (await fetch_status(http))["problems"]["engine"]
        assert len(service.engine.batches) >= 2  # the canary failed, too
        service.engine.failure = None
        await until(lambda: service.state is ServiceState.READY)
        assert await fetch(http, "/health/ready") == (200, "ready\n")


async def test_one_bad_job_is_no_trouble() -> None:
    service, _ = make()
    async with running(service) as port:
        service.engine.failure = RuntimeError("this one")
        async with connect(port) as wire:
            await wire.send(shout("one"))
            await until(lambda: len(service.engine.batches) == 1)
            service.engine.failure = None
            await wire.read_error("internal-error")
        await until(lambda: service.scheduler.failures_in_row == 0)  # a canary was answered
        assert service.state is ServiceState.READY


async def test_an_idle_engine_is_tried() -> None:
    service, _ = make("--canary-seconds", "0.1")
    async with running(service):
        await until(lambda: service.engine.batches[:2] == [["canary"], ["canary"]])


async def test_a_gpu_out_of_memory_is_rebuilt_with_less_and_then_on_the_cpu(
    caplog: pytest.LogCaptureFixture,
) -> None:
    service, http = make()
    failing = OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
    service.engine = Engine("GPU")
    service.replacements = {
        Reduction.SMALLER_BATCHES: Engine("GPU", failure=failing),
        Reduction.CPU: Engine("CPU"),
    }
    async with running(service) as port, connect(port) as wire:
        assert (await fetch_status(http))["engines"] == [{"model": "shouter", "device": "GPU"}]
        assert await described(wire) == "Shouts"
        service.engine.failure = failing
        await wire.send(shout("one"))
        await wire.read_error("internal-error")
        await until(lambda: service.engine.device == "CPU")
        async with connect(port) as other:
            await other.send(shout("two"))
            assert (await other.read_type("ping")).data["text"] == "TWO"
        await until(lambda: service.is_ready)
        assert await fetch(http, "/health/ready") == (200, "degraded\n")
        status = await fetch_status(http)
        assert status["engines"] == [{"model": "shouter", "device": "CPU"}]
        assert "runs with the CPU" in status["problems"]["reduced"]
        _, scrape = await fetch(http, "/metrics")
        assert 'wyoming_problem{problem="reduced"} 1.0' in scrape
        async with connect(port) as other:
            description = (
                "Shouts; runs with the CPU since its device failed: "
                "CUDA out of memory. Tried to allocate 2 GiB"
            )
            assert await described(other) == description
    assert "rebuilding with smaller batches" in caplog.text


async def described(wire: Wire) -> str | None:
    """What the info message says of the program."""
    await wire.send(Describe())
    return Info.from_event(await wire.read_type("info")).asr[0].description


async def test_a_rebuild_that_fails_goes_one_further() -> None:
    service, _ = make()
    service.replacements = {
        Reduction.SMALLER_BATCHES: OutOfMemoryError("still"),
        Reduction.CPU: Engine("CPU", batches=[["rebuilt"]]),
    }
    async with running(service) as port, connect(port) as wire:
        service.engine.failure = RuntimeError("CUDA error: an illegal memory access")
        await wire.send(shout("one"))
        await wire.read_error("internal-error")
        await until(lambda: service.engine.batches[:1] == [["rebuilt"]])


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OutOfMemoryError("no room"), True),
        (RuntimeError("CUDA error: device-side assert triggered"), True),
        (RuntimeError("[ONNXRuntimeError] : CUBLAS failure 13"), True),
        (RuntimeError("shape mismatch"), False),
        (None, False),
    ],
)
def test_what_counts_as_a_failure_of_the_device(error: Exception | None, expected: bool) -> None:
    assert is_device_failure(error) is expected


def test_a_line_for_each_request_names_no_text(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def ask() -> None:
        service, _ = make()
        async with running(service) as port, connect(port) as wire:
            await wire.send(shout("secret"))
            await wire.read_type("ping")
            await until(lambda: "kind=shout" in caplog.text)

    asyncio.run(ask())
    lines = [record.getMessage() for record in caplog.records if "kind=shout" in record.message]
    assert len(lines) == 1
    assert lines[0].startswith("127.0.0.1:")
    assert "outcome=answered language=en characters=6 queue_ms=" in lines[0]
    assert "secret" not in caplog.text
