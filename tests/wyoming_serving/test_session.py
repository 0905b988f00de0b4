"""Connections of a small service that answers `echo` after it was told to."""

import asyncio
import json
import signal
import socket
from argparse import ArgumentParser
from collections.abc import AsyncIterator, Coroutine, Generator
from typing import Any

import psutil
import pytest
import pytest_asyncio
from wyoming.event import Event
from wyoming.info import Info
from wyoming.ping import Ping

from tests.support.waiting import until
from tests.support.wire import connect, encode
from wyoming_serving.errors import ErrorCode, InvalidEvent, ServiceError
from wyoming_serving.service import Service, running, serve
from wyoming_serving.session import (
    Client,
    RequestOutcome,
    Session,
    SessionLimits,
    SessionState,
)
from wyoming_serving.settings import Settings

DESCRIBE = b'{"type": "describe"}\n'


class EchoHandler:
    def __init__(self, service: "EchoService", client: Client) -> None:
        self._service = service
        self._client = client
        self.in_request = False

    async def handle(self, event: Event) -> None:
        if event.type == "echo-start":
            self.in_request = True
        elif event.type == "echo":
            self.in_request = False
            await self._client.answer(self._echo(event))
        elif event.type == "bad":
            raise InvalidEvent("bad is not allowed")
        elif event.type == "bug":
            raise KeyError("a programming mistake")

    async def _echo(self, event: Event) -> RequestOutcome | None:
        self._service.started += 1
        self._service.running += 1
        try:
            await self._service.wait_ready()
            await self._service.gate.wait()
            if event.data.get("fail"):
                raise ServiceError(ErrorCode.MODEL_MISSING, "no echo today")
        except asyncio.CancelledError:
            self._service.cancelled += 1
            raise
        finally:
            self._service.running -= 1
        if event.data.get("unwanted"):
            return RequestOutcome.ABANDONED
        await self._client.send(Ping(text=event.data["text"]))
        return None


class EchoService(Service):
    name = "echo"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.gate = asyncio.Event()
        self.gate.set()
        self.loaded = asyncio.Event()
        self.loaded.set()
        self.started = 0
        self.running = 0
        self.cancelled = 0
        self.closed = False
        self.failure: ServiceError | None = None

    async def load(self) -> None:
        await self.loaded.wait()
        if self.failure is not None:
            raise self.failure

    def info(self) -> Info:
        return Info()

    def handler(self, client: Client) -> EchoHandler:
        return EchoHandler(self, client)

    async def close(self) -> None:
        self.closed = True


def settings(*words: str) -> Settings:
    parser = ArgumentParser()
    Settings.add_arguments(parser)
    return Settings.load(parser.parse_args(["--uri", "tcp://127.0.0.1:0", *words]))


def echo(text: str, **data: object) -> Event:
    return Event("echo", {"text": text, **data})


@pytest_asyncio.fixture
async def service() -> AsyncIterator[EchoService]:
    yield EchoService(settings("--idle-seconds", "60", "--max-payload-bytes", "5000"))


async def alive(port: int) -> bool:
    async with connect(port) as wire:
        await wire.send(DESCRIBE)
        return (await wire.read_type("info")).type == "info"


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
            await self._client.answer(work)

    class AtOnceService(EchoService):
        def handler(self, client: Client) -> EchoHandler:
            return AtOnce(self, client)

    # both the event and the end are there when the session begins to read
    reader = asyncio.StreamReader()
    reader.feed_data(encode(echo("x")))
    reader.feed_eof()
    ours, theirs = socket.socketpair()
    with theirs:
        _, writer = await asyncio.open_connection(sock=ours)
        session = Session(reader, writer, AtOnceService(settings()), SessionLimits(4096, 60))
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


async def test_connections_beyond_the_limit_are_closed() -> None:
    service = EchoService(settings("--max-connections", "1"))
    async with running(service) as port, connect(port) as first:
        await first.send(DESCRIBE)
        await first.read_type("info")
        async with connect(port) as second:
            assert await second.read() is None
        await first.send(DESCRIBE)
        await first.read_type("info")


async def port_of(service: EchoService, serving: asyncio.Task[int]) -> int:
    """The port of a service that `serve` runs, as the operating system knows it."""
    found: list[int] = []

    def listening() -> bool:
        assert not serving.done()
        found[:] = [
            c.laddr.port for c in psutil.Process().net_connections("tcp") if c.status == "LISTEN"
        ]
        return bool(found)

    await until(listening)
    return found[0]


async def started(service: EchoService) -> tuple[asyncio.Task[int], int]:
    serving = asyncio.create_task(serve(service))
    return serving, await port_of(service, serving)


async def test_describe_is_answered_while_the_model_loads(service: EchoService) -> None:
    service.loaded.clear()
    serving, port = await started(service)
    assert await alive(port)
    async with connect(port) as wire:
        await wire.send(echo("early"))
        await until(lambda: service.running == 1)
        service.loaded.set()
        assert (await wire.read_type("ping")).data["text"] == "early"
    signal.raise_signal(signal.SIGTERM)
    assert await serving == 0


async def test_a_request_waits_for_the_model_no_longer_than_allowed() -> None:
    service = EchoService(settings("--load-wait-seconds", "0.05"))
    service.loaded.clear()
    serving, port = await started(service)
    async with connect(port) as wire:
        await wire.send(echo("early"))
        await wire.read_error("not-ready")
    signal.raise_signal(signal.SIGTERM)
    assert await serving == 0


async def test_sigterm_lets_running_requests_finish(service: EchoService) -> None:
    serving, port = await started(service)
    service.gate.clear()
    async with connect(port) as wire, connect(port) as idle:
        await idle.send(DESCRIBE)
        await idle.read_type("info")
        await wire.send(Event("echo-start"), echo("last words"))
        await until(lambda: service.running == 1)
        signal.raise_signal(signal.SIGTERM)
        assert await idle.read() is None
        service.gate.set()
        assert (await wire.read_type("ping")).data["text"] == "last words"
        assert await wire.read() is None
    assert await serving == 0
    assert service.closed


async def test_draining_ends_after_the_time_allowed() -> None:
    service = EchoService(settings("--drain-seconds", "0.05"))
    serving, port = await started(service)
    service.gate.clear()
    async with connect(port) as wire:
        await wire.send(echo("never"))
        await until(lambda: service.running == 1)
        signal.raise_signal(signal.SIGTERM)
        assert await serving == 0
    assert service.cancelled == 1


async def test_a_model_that_cannot_load_ends_the_service(service: EchoService) -> None:
    service.failure = ServiceError(ErrorCode.MODEL_MISSING, "no model here")
    assert await serve(service) == 1
    assert service.closed


async def test_an_address_in_use_ends_the_service(service: EchoService) -> None:
    async with running(service) as port:
        second = EchoService(settings("--uri", f"tcp://127.0.0.1:{port}"))
        assert await serve(second) == 1
