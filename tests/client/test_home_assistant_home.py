"""The names of a home as Home Assistant's own code tells them, against those Assist listens to."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.client.test_home_assistant import PYTHON, needs_home_assistant
from tests.support.processes import START_SECONDS
from tests.support.waiting import until
from wyoming_funasr.home.description import Home, names_of
from wyoming_funasr.home.source.access import Access, websocket_url
from wyoming_funasr.home.source.errors import TokenRefused
from wyoming_funasr.home.source.home_assistant import read_once
from wyoming_funasr.home.source.source import HomeSource

pytestmark = needs_home_assistant

PROGRAM = Path(__file__).with_name("home_assistant_home.py")
WAIT_SECONDS = 30.0


class RealHomeAssistant:
    """A running Home Assistant."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process = process
        self.url = f"http://127.0.0.1:{port}"
        self.tokens: list[str] = []

    async def answer(self) -> Any:
        """The next line that it prints and that is JSON; libraries print, too."""
        assert self._process.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            while line := await self._process.stdout.readline():
                if line.startswith((b"{", b"null")):
                    return json.loads(line)
        raise AssertionError("it ended")

    async def do(self, step: str) -> Any:
        """Let it take a step; returns what it prints."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{step}\n".encode())
        return await self.answer()

    def access(self, token: str | None = None) -> Access:
        """How to reach it, as the administrator."""
        return Access(websocket_url(self.url), token or self.tokens[0])


@pytest.fixture
async def server() -> AsyncIterator[RealHomeAssistant]:
    async with running() as server:
        yield server


@asynccontextmanager
async def running() -> AsyncIterator[RealHomeAssistant]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        PYTHON, PROGRAM, str(port),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        server = RealHomeAssistant(process, port)
        server.tokens = (await server.answer())["tokens"]
        yield server
    finally:
        process.kill()
        await process.wait()


def listened_for(home: Home) -> dict[str, list[list[str]]]:
    """The names of a home as the program prints those of Assist."""
    return {
        "name": sorted([name, one.domain] for one in home.entities for name in names_of(one)),
        "area": sorted([name, ""] for one in home.areas for name in names_of(one)),
        "floor": sorted([name, ""] for one in home.floors for name in names_of(one)),
    }


async def test_the_home_is_what_assist_listens_for_and_stays_so(
    server: RealHomeAssistant, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.yaml"
    source = HomeSource(None, server.access(), kept, WAIT_SECONDS)
    source.start()
    try:
        told = await server.do("names")
        await until(lambda: source.current() is not None)
        home = source.current()
        assert home is not None
        assert listened_for(home) == told
        assert ["Movie Night", "script"] in told["name"]
        assert home.sentences == ("make it [very] cosy",)
        lamp = next(one for one in home.entities if "Reading Lamp" in names_of(one))
        assert (lamp.area, "阅读灯" in names_of(lamp)) == ("Den", True)
        assert next(one for one in home.areas if one.name == "Den").floor == "Ground Floor"

        for step in ("rename area", "rename entity", "hide"):
            assert await server.do(step) is None
            told = await server.do("names")
            await until(lambda told=told: listened_for(source.current() or Home()) == told)  # type: ignore[misc]
    finally:
        await source.close()
    assert "Study" in kept.read_text("utf-8")


async def test_a_wrong_token_and_one_of_no_administrator_are_refused(
    server: RealHomeAssistant,
) -> None:
    with pytest.raises(TokenRefused, match="it refuses the token"):
        await read_once(server.access("wrong"), WAIT_SECONDS)
    with pytest.raises(TokenRefused, match="the token's user must be an administrator"):
        await read_once(server.access(server.tokens[1]), WAIT_SECONDS)
