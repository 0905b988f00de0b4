"""Connections: what a client sends, what it gets, and what its neighbors notice of it."""

import asyncio
import json
import socket
from collections.abc import Coroutine, Generator
from typing import Any

import psutil
import pytest
from wyoming.event import Event
from wyoming.info import Info, SelectProgram
from wyoming.ping import Ping

from tests.support.waiting import until
from tests.support.wire import connect, encode
from tests.wyoming_serving.echo import (
    DESCRIBE,
    EchoHandler,
    EchoService,
    alive,
    echo,
    settings,
)
from wyoming_serving.errors import InvalidEvent
from wyoming_serving.events import EventLimits
from wyoming_serving.network.connection import Connection, ConnectionLimits
from wyoming_serving.service import running
from wyoming_serving.session import Client, Session, SessionState


async def test_events_are_answered_in_order(service: EchoService) -> None:
    async with running(service) as port, connect(port) as wire:
        service.gate.clear()
        await wire.send(echo("one"), echo("two"))
        await until(lambda: service.running == 1)
        service.gate.set()
        assert [(await wire.read_type("ping")).data["text"] for _ in range(2)] == ["one", "two"]


async def test_describe_is_answered_while_a_request_runs(service: EchoService) -> None:
    async with running(service) as port, connect(port) as wire:
        service.gate.clear()
        await wire.send(echo("slow"), DESCRIBE)
        await wire.read_type("info")
        service.gate.set()
        await wire.read_type("ping")


async def test_ping_is_answered(service: EchoService) -> None:
    async with running(service) as port, connect(port) as wire:
        await wire.send(Ping(text="x"))
        assert (await wire.read_type("pong")).data["text"] == "x"


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"[1, 2]\n",
        b"{}\n",
        b'{"type": 5}\n',
        b'{"type": "echo", "data": [1]}\n',
        b'{"type": "describe", "data_length": 4}\nabcd',
        b'{"type": "echo", "data_length": 2}\n[]',
        b'{"type": "echo", "payload_length": -5}\n',
        b'{"type": "echo", "payload_length": "x"}\n',
        b'{"type": "echo", "payload_length": true}\n',
        b'{"type": "echo", "payload_length": 1.5}\n',
        b'{"type": "echo", "payload_length": 1000000000000}\nabc',
        b'{"type": "echo", "data_length": 99999999999}\nabc',
        b"x" * 100_000,
        b"\xff\xfe\x00\n",
        b"\n",
        b"[" * 50_000 + b"\n",
    ],
)
async def test_what_is_not_wyoming_gets_an_error_and_hurts_nobody(
    service: EchoService, raw: bytes
) -> None:
    async with running(service) as port, connect(port) as neighbour:
        service.gate.clear()
        await neighbour.send(echo("still here"))
        async with connect(port) as wire:
            await wire.send(raw)
            assert await wire.read_error("invalid-event")
        service.gate.set()
        assert (await neighbour.read_type("ping")).data["text"] == "still here"
        assert await alive(port)


async def test_an_error_of_the_handler_is_sent_and_closes(service: EchoService) -> None:
    async with running(service) as port, connect(port) as wire:
        await wire.send(Event("bad"))
        assert await wire.read_error("invalid-event") == "bad is not allowed"


async def test_an_error_is_read_even_by_a_client_that_goes_on_sending(
    service: EchoService,
) -> None:
    async with running(service) as port, connect(port) as wire:
        await wire.send(Event("bad"), *[Event("noise", {}, bytes(4000)) for _ in range(200)])
        assert await wire.read_error("invalid-event")


async def test_a_mistake_in_the_program_is_an_error_for_one_client(service: EchoService) -> None:
    async with running(service) as port, connect(port) as wire:
        await wire.send(Event("bug"))
        await wire.read_error("internal-error")
        assert await alive(port)


async def test_a_failing_answer_is_sent_and_closes(service: EchoService) -> None:
    async with running(service) as port, connect(port) as wire:
        await wire.send(echo("x", fail=True))
        await wire.read_error("model-missing")


class _SlowToDescribe(EchoService):
    """Describes itself only once it may."""

    def __init__(self) -> None:
        super().__init__(settings())
        self.describing = asyncio.Event()
        self.may_describe = asyncio.Event()

    async def describe(self) -> Info:
        self.describing.set()
        await self.may_describe.wait()
        return self.info()


async def test_nothing_is_sent_behind_the_last_error(caplog: pytest.LogCaptureFixture) -> None:
    service = _SlowToDescribe()
    async with running(service) as port, connect(port) as wire:
        service.gate.clear()
        await wire.send(echo("x", fail=True), DESCRIBE)
        await service.describing.wait()
        service.gate.set()
        await wire.read_error("model-missing")
        service.may_describe.set()
        assert await wire.read() is None
        await until(lambda: service.status().sessions == 0)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_unknown_events_are_ignored(service: EchoService) -> None:
    async with running(service) as port, connect(port) as wire:
        await wire.send(Event("of-tomorrow", {"x": 1}, b"payload"), echo("x"))
        await wire.read_type("ping")


async def test_inline_data_and_separate_data_are_both_read(service: EchoService) -> None:
    async with running(service) as port, connect(port) as wire:
        extra = json.dumps({"text": "outer"}).encode()
        head = {"type": "echo", "data": {"text": "inner"}, "data_length": len(extra)}
        await wire.send(json.dumps(head).encode() + b"\n" + extra)
        assert (await wire.read_type("ping")).data["text"] == "outer"
        await wire.send(b'{"type": "echo", "data": {"text": "inner"}}\n')
        assert (await wire.read_type("ping")).data["text"] == "inner"


async def test_a_client_may_select_a_program(service: EchoService) -> None:
    async with running(service) as port, connect(port) as wire:
        await wire.send(Event("program"))
        assert (await wire.read_type("ping")).data["text"] is None
        await wire.send(SelectProgram(name="echo"), Event("program"))
        assert (await wire.read_type("ping")).data["text"] == "echo"


@pytest.mark.parametrize("name", ["whisper", None, ["echo"]])
async def test_a_program_that_is_not_there_is_an_error(service: EchoService, name: object) -> None:
    async with running(service) as port, connect(port) as wire:
        await wire.send(Event("select-program", {"name": name}))
        assert (await wire.read_error("unknown-program")).endswith("allowed: echo")


async def test_a_client_that_leaves_cancels_its_work(service: EchoService) -> None:
    async with running(service) as port:
        service.gate.clear()
        async with connect(port) as wire:
            await wire.send(echo("x"))
            await until(lambda: service.running == 1)
        await until(lambda: service.cancelled == 1)
        assert service.running == 0


async def test_requests_behind_one_that_failed_are_not_begun(service: EchoService) -> None:
    async with running(service) as port, connect(port) as wire:
        service.gate.clear()
        await wire.send(echo("one", fail=True), echo("two"))
        await until(lambda: service.running == 1)
        service.gate.set()
        await wire.read_error("model-missing")
    assert service.started == 1


class CountedWork(Coroutine[Any, Any, None]):
    """Work that has no step, and counts how often it is closed."""

    def __init__(self) -> None:
        self.steps = 0
        self.closed = 0

    def send(self, value: Any) -> None:
        self.steps += 1
        raise StopIteration

    def throw(self, *_: Any) -> None:
        raise StopIteration

    def close(self) -> None:
        self.closed += 1

    def __await__(self) -> Generator[Any, Any, None]:
        self.steps += 1
        yield from ()


async def test_work_that_is_cancelled_before_its_first_step_is_closed_once(
    service: EchoService,
) -> None:
    work = CountedWork()

    class AtOnce(EchoHandler):
        async def handle(self, event: Event) -> None:
            await self.client.answer(work)
            raise InvalidEvent("and that is all")

    class AtOnceService(EchoService):
        def handler(self, client: Client) -> EchoHandler:
            return AtOnce(self, client)

    reader = asyncio.StreamReader()
    reader.feed_data(encode(echo("x")))
    reader.feed_eof()
    ours, theirs = socket.socketpair()
    with theirs:
        _, writer = await asyncio.open_connection(sock=ours)
        limits = ConnectionLimits(EventLimits(4096, 4096), idle_seconds=60, send_seconds=60)
        session = Session(Connection(reader, writer, limits), AtOnceService(settings()))
        await session.run()
    assert session.state is SessionState.CLOSED
    assert (work.steps, work.closed) == (0, 1)


async def test_an_unfinished_payload_holds_no_more_than_the_limit() -> None:
    service = EchoService(settings("--max-payload-bytes", str(1 << 20)))
    async with running(service) as port, connect(port) as wire:
        before = psutil.Process().memory_info().rss
        head = json.dumps({"type": "echo", "payload_length": 1 << 20}).encode() + b"\n"
        await wire.send(head, bytes((1 << 20) - 1))
        assert await alive(port)
        assert psutil.Process().memory_info().rss - before < 32 << 20


async def test_a_silent_connection_is_closed() -> None:
    service = EchoService(settings("--idle-seconds", "0.05"))
    async with running(service) as port, connect(port) as wire:
        assert await wire.read() is None


async def test_hundreds_of_idle_connections_do_not_matter(service: EchoService) -> None:
    async with running(service) as port:
        opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(300)]
        assert await alive(port)
        for _, writer in opened:
            writer.close()


async def test_connections_beyond_the_limit_are_told_so() -> None:
    service = EchoService(settings("--max-connections", "1"))
    async with running(service) as port, connect(port) as first:
        await first.send(DESCRIBE)
        await first.read_type("info")
        async with connect(port) as second:
            await second.read_error("too-many-connections")
        await first.send(DESCRIBE)
        await first.read_type("info")
