"""The containers' health check: what it says of services that answer, and of those that do not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from wyoming.info import AsrProgram, Attribution, Info

from tests.support.wire import encode
from wyoming_serving import health


@asynccontextmanager
async def server(answer: bytes) -> AsyncIterator[str]:
    """Something that reads a line, answers and hangs up; yields its URI."""

    async def on_connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert b'"describe"' in await reader.readline()
        writer.write(answer)
        writer.close()

    listener = await asyncio.start_server(on_connect, "127.0.0.1", 0)
    async with listener:
        yield f"tcp://127.0.0.1:{listener.sockets[0].getsockname()[1]}"


def info(*names: str) -> bytes:
    nobody = Attribution(name="", url="")
    programs = [
        AsrProgram(name=name, attribution=nobody, installed=True, description=None, version=None,
                   models=[])
        for name in names
    ]  # fmt: skip
    return encode(Info(asr=programs))


async def check(uri: str) -> int:
    """The exit status of the command."""
    return await asyncio.to_thread(health.main, [uri])


async def test_a_service_that_names_a_program_is_healthy(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with server(info("funasr")) as uri:
        assert await check(uri) == 0
    assert capsys.readouterr().out == "funasr\n"


async def test_a_service_without_a_program_is_not() -> None:
    async with server(info()) as uri:
        assert await check(uri) == 1


async def test_a_service_that_hangs_up_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    async with server(b"") as uri:
        assert await check(uri) == 1
    assert capsys.readouterr().err == f"{uri}: it hung up\n"


async def test_a_port_where_nothing_listens_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    async with server(b"") as uri:
        pass
    assert await check(uri) == 1
    assert capsys.readouterr().err.startswith(f"{uri}: ")


async def test_a_service_that_says_nothing_is_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(health, "TIMEOUT_SECONDS", 0.05)
    silent = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    async with silent:
        uri = f"tcp://127.0.0.1:{silent.sockets[0].getsockname()[1]}"
        assert await check(uri) == 1
    assert capsys.readouterr().err == f"{uri}: no answer\n"


async def test_an_address_of_no_known_kind_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert await check("http://127.0.0.1:1") == 1
    assert "http://127.0.0.1:1: " in capsys.readouterr().err
