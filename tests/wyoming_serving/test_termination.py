"""A service process ends when it is told to, in time, whatever goes on in it."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from wyoming.event import Event

from tests.support.processes import Server, server_process
from tests.support.wire import Wire, connect
from tests.wyoming_serving.echo import DESCRIBE, echo

ECHO = "tests.wyoming_serving.echo"
DRAIN_SECONDS = 0.5
SLACK_SECONDS = 5.0
"""For a machine that is busy with something else; nothing here ends in less than a minute unless
it is made to."""


@asynccontextmanager
async def serving(*words: str) -> AsyncIterator[tuple[Server, Wire]]:
    """The echo service as a process, and a client of it."""
    words = ("--uri", "tcp://127.0.0.1:0", "--drain-seconds", str(DRAIN_SECONDS), *words)
    async with server_process(ECHO, *words) as server, connect(await server.port()) as wire:
        await wire.send(DESCRIBE)
        await wire.read_type("info")
        yield server, wire


async def seconds_to_end(server: Server) -> float:
    loop = asyncio.get_running_loop()
    told_at = loop.time()
    async with asyncio.timeout(DRAIN_SECONDS + 1 + SLACK_SECONDS):
        assert await server.terminate() == 0
    return loop.time() - told_at


async def test_idle_it_ends_at_once() -> None:
    async with serving() as (server, _):
        await seconds_to_end(server)


@pytest.mark.parametrize(
    "events",
    [
        [Event("flood", {"bytes": 32 << 20})],
        [Event("flood", {"bytes": 32 << 20}), Event("bad")],
        [Event("echo-start")],
        [Event("stick")],
        [Event("hold-loop")],
    ],
    ids=["does not read", "does not read its error", "does not finish", "sticks", "holds the loop"],
)
async def test_no_client_keeps_it_from_ending(events: list[Event]) -> None:
    async with serving() as (server, wire):
        await wire.send(*events)
        await server.wait_for("took")
        await seconds_to_end(server)


async def test_a_request_that_is_cut_off_is_told() -> None:
    async with serving() as (server, wire):
        await wire.send(Event("echo-start"), echo("x", seconds=60))
        await server.wait_for("took")
        ending = asyncio.create_task(seconds_to_end(server))
        assert "stopping" in await wire.read_error("not-ready")
        await ending


async def test_it_ends_while_its_model_loads_and_cannot_be_stopped() -> None:
    words = "--uri", "tcp://127.0.0.1:0", "--drain-seconds", str(DRAIN_SECONDS)
    async with server_process(ECHO, *words, ECHO_LOADS_FOR_EVER="1") as server:
        await server.port()
        await seconds_to_end(server)


async def test_a_second_sigterm_ends_it_at_once() -> None:
    async with serving("--drain-seconds", "3600") as (server, wire):
        await wire.send(Event("stick"))
        await server.wait_for("took")
        server.process.terminate()
        await server.wait_for("stopping")
        async with asyncio.timeout(SLACK_SECONDS):
            assert await server.terminate() == 128 + signal.SIGTERM
