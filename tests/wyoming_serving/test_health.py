"""The containers' check: what it says of services that answer, and of those that do not."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.support.http import free_port
from tests.support.waiting import until
from tests.wyoming_serving.echo import EchoService, reachable, settings
from wyoming_serving import health
from wyoming_serving.service import running, serve
from wyoming_serving.supervision import Problem


async def check(uri: str) -> int:
    """The exit status of the command."""
    return await asyncio.to_thread(health.main, [uri])


async def test_a_service_that_answers_is_healthy(capsys: pytest.CaptureFixture[str]) -> None:
    service = EchoService(settings())
    async with running(service) as port:
        assert await check(f"tcp://127.0.0.1:{port}") == 0
        service.set_problem(Problem.REDUCED, "runs on the CPU")
        assert await check(f"tcp://127.0.0.1:{port}") == 0
    assert capsys.readouterr().out == "ready\ndegraded; runs on the CPU\n"


async def test_a_service_whose_engine_does_not_answer_is_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    service = EchoService(settings())
    async with running(service) as port:
        service.set_problem(Problem.ENGINE, "a batch has not returned")
        assert await check(uri := f"tcp://127.0.0.1:{port}") == 1
    assert capsys.readouterr().err == f"{uri}: degraded; a batch has not returned\n"


async def test_a_service_that_loads_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    service = EchoService(settings("--uri", f"tcp://127.0.0.1:{port}"))
    service.loaded.clear()
    serving = asyncio.create_task(serve(service))
    await until(lambda: reachable(port))
    assert await check(f"tcp://127.0.0.1:{port}") == 1
    assert "loading" in capsys.readouterr().err
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


@asynccontextmanager
async def server(answer: bytes) -> AsyncIterator[str]:
    """Something that reads a line, answers and hangs up; yields its URI."""

    async def on_connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(answer)
        writer.close()

    listener = await asyncio.start_server(on_connect, "127.0.0.1", 0)
    async with listener:
        yield f"tcp://127.0.0.1:{listener.sockets[0].getsockname()[1]}"


async def test_a_service_that_hangs_up_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    async with server(b"") as uri:
        assert await check(uri) == 1
    assert capsys.readouterr().err == f"{uri}: it hung up\n"


async def test_an_answer_of_another_kind_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    async with server(b'{"type": "health", "data": {"ready": true}}\n') as uri:
        assert await check(uri) == 1
    assert "not a health event" in capsys.readouterr().err


async def test_a_port_where_nothing_listens_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    async with server(b"") as uri:
        pass
    assert await check(uri) == 1
    assert capsys.readouterr().err.startswith(f"{uri}: ")


async def test_a_service_that_says_nothing_is_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(health, "TIMEOUT_SECONDS", 0.05)

    async def until_the_client_leaves(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(until_the_client_leaves, "127.0.0.1", 0)
    async with silent:
        uri = f"tcp://127.0.0.1:{silent.sockets[0].getsockname()[1]}"
        assert await check(uri) == 1
    assert capsys.readouterr().err == f"{uri}: no answer\n"


async def test_an_address_of_no_known_kind_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert await check("http://127.0.0.1:1") == 1
    assert "http://127.0.0.1:1: " in capsys.readouterr().err


def test_it_imports_little() -> None:
    code = "import sys, wyoming_serving.health; print(*sys.modules)"
    listed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    heavy = {"numpy", "pydantic", "aiohttp", "prometheus_client", "zeroconf", "psutil", "torch"}
    assert not heavy & set(listed.stdout.split())
