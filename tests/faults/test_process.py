"""A process that is killed, and those that find its port, its socket and its files afterwards."""

import asyncio
import signal
from pathlib import Path

import pytest

from tests.support.http import free_port
from tests.support.processes import Server, server_process
from tests.support.waiting import until
from tests.support.wire import connect
from tests.wyoming_serving.echo import settings
from tests.wyoming_serving.engine import EngineService, shout
from wyoming_serving.health import ask
from wyoming_serving.service import serve

DEMO = ("--model-dir", "demo", "--device", "cpu", "--offline", "--no-zeroconf")


async def answers(server: Server, uri: str) -> None:
    await server.wait_for("ready after")
    assert (await ask(uri)).ready


@pytest.mark.parametrize("kind", ["tcp", "unix"])
async def test_after_kill_9_it_starts_again_at_the_same_address(tmp_path: Path, kind: str) -> None:
    uri = f"tcp://127.0.0.1:{free_port()}" if kind == "tcp" else f"unix://{tmp_path}/socket"
    async with server_process("wyoming_funasr", *DEMO, "--uri", uri) as first:
        await answers(first, uri)
        first.process.kill()
        assert await first.status() == -signal.SIGKILL
    async with server_process("wyoming_funasr", *DEMO, "--uri", uri) as second:
        await answers(second, uri)
        assert await second.terminate() == 0


async def test_a_port_that_is_taken_is_one_line() -> None:
    uri = f"tcp://127.0.0.1:{free_port()}"
    async with server_process("wyoming_funasr", *DEMO, "--uri", uri) as first:
        await answers(first, uri)
        async with server_process("wyoming_funasr", *DEMO, "--uri", uri) as second:
            assert await second.status() == 1
        assert f"cannot listen on {uri}" in second.log
        assert "Traceback" not in second.log
        assert (await ask(uri)).ready


async def test_sigterm_ends_a_service_whose_engine_is_stuck() -> None:
    service = EngineService(settings("--drain-seconds", "0.2", "--uri", "tcp://127.0.0.1:0"))
    port = free_port()
    service.settings.uri = f"tcp://127.0.0.1:{port}"
    serving = asyncio.create_task(serve(service))
    await until(lambda: service.ready)
    async with connect(port) as wire:
        service.engine.healthy.clear()
        await wire.send(shout("never"))
        await until(lambda: service.engine.batches == [["never"]])
        signal.raise_signal(signal.SIGTERM)
        assert await serving == 0
    service.engine.healthy.set()
