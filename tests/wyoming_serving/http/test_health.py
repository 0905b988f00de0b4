"""Health and status as orchestrators and people read them."""

import asyncio
import signal

import pytest

from tests.support.http import fetch, fetch_status, free_port
from tests.support.waiting import until
from tests.support.wire import connect
from tests.wyoming_serving.echo import EchoService, echo, reachable, settings
from wyoming_serving import __version__
from wyoming_serving.network.sockets import listen_on
from wyoming_serving.service import running, serve
from wyoming_serving.state import ServiceState
from wyoming_serving.supervision import Problem


async def health(port: int) -> dict[str, tuple[int, str]]:
    """What the checks answer."""
    return {check: await fetch(port, f"/health/{check}") for check in ("live", "ready", "startup")}


async def test_the_checks_follow_the_service_through_its_life() -> None:
    port, http = free_port(), free_port()
    service = EchoService(settings("--uri", f"tcp://127.0.0.1:{port}", "--http-port", str(http)))
    service.loaded.clear()
    serving = asyncio.create_task(serve(service))
    await until(lambda: reachable(port))
    down = (503, "loading\n")
    assert await health(http) == {"live": (200, "loading\n"), "ready": down, "startup": down}
    assert await fetch(http, "/health") == down

    service.loaded.set()
    await until(lambda: service.ready)
    up = (200, "ready\n")
    assert await health(http) == {"live": up, "ready": up, "startup": up}

    service.set_problem(Problem.REDUCED, "runs on the CPU")
    assert await fetch(http, "/health/ready") == (200, "degraded\n")
    service.set_problem(Problem.ENGINE, "does not answer")
    assert await fetch(http, "/health/ready") == (503, "degraded\n")
    assert (await fetch_status(http))["problems"] == {
        "reduced": "runs on the CPU",
        "engine": "does not answer",
    }
    service.set_problem(Problem.ENGINE, None)
    service.set_problem(Problem.REDUCED, None)
    assert await fetch(http, "/health/ready") == up

    service.gate.clear()
    async with connect(port) as wire:
        await wire.send(echo("last words"))
        await until(lambda: service.running == 1)
        signal.raise_signal(signal.SIGTERM)
        await until(lambda: service.state is ServiceState.DRAINING)
        assert await fetch(http, "/health/ready") == (503, "draining\n")
        assert await fetch(http, "/health/live") == (200, "draining\n")
        service.gate.set()
        await wire.read_type("ping")
    assert await serving == 0
    assert not reachable(http)


async def test_the_status_says_what_there_is_and_what_failed_last() -> None:
    http = free_port()
    service = EchoService(settings("--http-port", str(http), "--max-connections", "7"))
    async with running(service) as port, connect(port) as wire, connect(port) as failing:
        await failing.send(echo("no", fail=True))
        await failing.read_error("model-missing")
        await wire.send(echo("yes"))
        await wire.read_type("ping")
        status = await fetch_status(http)
    assert (status["name"], status["version"], status["state"]) == ("echo", __version__, "ready")
    assert status["max_sessions"] == 7
    assert status["sessions"] >= 1
    assert status["memory"]["resident_bytes"] > 0
    assert status["memory"]["gpu_total_bytes"] is None
    assert status["last_error"]["code"] == "model-missing"
    assert status["last_error"]["text"] == "no echo today"


async def test_another_path_is_not_found() -> None:
    http = free_port()
    async with running(EchoService(settings("--http-port", str(http)))):
        assert (await fetch(http, "/"))[0] == 404


async def test_a_port_in_use_ends_the_service(caplog: pytest.LogCaptureFixture) -> None:
    with listen_on("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        service = EchoService(settings("--http-port", str(port)))
        assert await serve(service) == 1
    assert f"http_port {port} on 127.0.0.1" in caplog.text
    assert service.closed
