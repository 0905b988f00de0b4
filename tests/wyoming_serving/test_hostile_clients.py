"""Clients that do not read, do not finish, send too much or come in crowds."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psutil
import pytest
from wyoming.event import Event
from wyoming.ping import Ping

from tests.support.waiting import until
from tests.support.wire import Wire, connect
from tests.wyoming_serving.echo import DESCRIBE, EchoHandler, EchoService, alive, echo, settings
from wyoming_serving.errors import ErrorCode, InvalidEvent
from wyoming_serving.network import connection
from wyoming_serving.reports import RequestReport
from wyoming_serving.service import running
from wyoming_serving.session import Client, RequestOutcome

MUCH = 32 << 20
"""More bytes than the sockets of a connection keep."""


class CountingService(EchoService):
    """Notes how requests ended."""

    def __init__(self, *words: str) -> None:
        super().__init__(settings(*words))
        self.outcomes: list[str] = []

    def count_request(self, outcome: RequestOutcome | ErrorCode) -> None:
        super().count_request(outcome)
        self.outcomes.append(outcome)

    def request_ended(self, client: str, report: RequestReport) -> None:
        super().request_ended(client, report)
        self.outcomes.append(report.outcome)


@asynccontextmanager
async def connect_from(address: str, port: int) -> AsyncIterator[Wire]:
    """A connection from one of this machine's loopback addresses."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()


needs_loopback_network = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8 as its own addresses"
)


async def test_clients_that_do_not_read_an_answer_lose_their_place() -> None:
    service = CountingService("--send-seconds", "0.2", "--max-connections", "2")
    async with running(service) as port, connect(port) as one, connect(port) as two:
        await one.send(Event("flood", {"bytes": MUCH}))
        await two.send(Event("flood", {"bytes": MUCH}))
        await until(lambda: service.outcomes == [RequestOutcome.ABANDONED] * 2)
        assert await alive(port)


async def test_a_client_that_does_not_read_its_infos_loses_its_place(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    service = CountingService("--send-seconds", "0.2", "--max-connections", "1")
    async with running(service) as port, connect(port) as wire:
        sending = asyncio.create_task(wire.send(*[DESCRIBE] * (MUCH >> 8)))
        await until(lambda: "dropped, it does not read" in caplog.text)
        await asyncio.gather(sending, return_exceptions=True)
        assert await alive(port)


async def test_a_client_that_reads_slowly_gets_all() -> None:
    service = CountingService("--send-seconds", "5")
    async with running(service) as port, connect(port) as wire:
        await wire.send(Event("flood", {"bytes": 4 << 20}))
        for _ in range(64):
            await asyncio.sleep(0.005)
            await wire.read_type("ping")
    assert service.outcomes == [RequestOutcome.ANSWERED]


async def test_a_client_that_does_not_read_its_error_loses_its_place() -> None:
    service = CountingService("--send-seconds", "0.2", "--max-connections", "1")
    async with running(service) as port, connect(port) as wire:
        await wire.send(Event("flood", {"bytes": MUCH}), Event("bad"))
        await until(lambda: ErrorCode.INVALID_EVENT in service.outcomes)
        assert await alive(port)


async def test_an_answer_may_take_longer_than_the_idle_time() -> None:
    service = EchoService(settings("--idle-seconds", "0.1"))
    async with running(service) as port, connect(port) as wire:
        service.gate.clear()
        await wire.send(echo("slow"))
        await asyncio.sleep(0.4)  # several idle times
        service.gate.set()
        assert (await wire.read_type("ping")).data["text"] == "slow"
        assert await wire.read() is None  # then it is idle


async def test_a_request_that_is_never_finished_gets_an_error() -> None:
    service = EchoService(settings("--idle-seconds", "0.1"))
    async with running(service) as port, connect(port) as wire:
        await wire.send(Event("echo-start"))
        assert "0.1 s" in await wire.read_error("request-timeout")


async def test_an_idle_close_is_logged_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    service = CountingService("--idle-seconds", "0.05")
    async with running(service) as port, connect(port) as wire:
        assert await wire.read() is None
    assert "closed after 0.05 s idle" in caplog.text
    assert service.outcomes == []


async def test_a_client_that_goes_on_sending_for_long_still_reads_its_error(
    service: EchoService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "QUIET_SECONDS", 0.3)
    async with running(service) as port, connect(port) as wire:
        await wire.send(Event("bad"))
        for _ in range(10):  # longer than the server waits for a client that is silent
            await wire.send(Event("noise", {}, bytes(4000)))
            await asyncio.sleep(0.05)
        await wire.read_error("invalid-event")


async def test_an_answer_that_fails_while_its_client_uploads_is_told(
    service: EchoService, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(service) as port, connect(port) as wire:
        service.gate.clear()
        await wire.send(echo("x", fail=True))
        head = {"type": "noise", "payload_length": 4000}
        await wire.send(json.dumps(head).encode() + b"\n" + bytes(100))
        await until(lambda: service.running == 1)
        service.gate.set()
        await until(lambda: service.running == 0)
        for _ in range(20):
            await wire.send(bytes(1000))
            await asyncio.sleep(0.01)
        await wire.read_error("model-missing")
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("text", ["\\ud83d", "\\uDC00", "a\\ud83d b \\\\ud83d"])
async def test_half_a_character_is_replaced(service: EchoService, text: str) -> None:
    async with running(service) as port, connect(port) as wire:
        data = f'{{"text": "{text}"}}'.encode()
        for event_type in ("ping", "echo"):
            head = {"type": event_type, "data_length": len(data)}
            await wire.send(json.dumps(head).encode() + b"\n" + data)
            answer = await wire.read()
            assert answer is not None
            assert answer.data["text"] == text.replace("\\\\", "|").replace("\\ud83d", "\ufffd") \
                .replace("\\uDC00", "\ufffd").replace("|", "\\")  # fmt: skip


async def test_a_whole_emoji_in_two_halves_stays_whole(service: EchoService) -> None:
    async with running(service) as port, connect(port) as wire:
        await wire.send(b'{"type": "ping", "data": {"text": "\\ud83d\\ude00 \\ud83d"}}\n')
        assert (await wire.read_type("pong")).data["text"] == "\U0001f600 \ufffd"


async def test_bytes_that_are_no_text_are_refused(service: EchoService) -> None:
    async with running(service) as port, connect(port) as wire:
        await wire.send(b'{"type": "ping", "data": {"text": "\xed\xa0\xbd"}}\n')
        await wire.read_error("invalid-event")


async def longest_hold(task: asyncio.Task[Any]) -> float:
    """The most seconds of work between two turns of the event loop until `task` is done."""
    longest, before = 0.0, time.thread_time()
    while not task.done():
        await asyncio.sleep(0)
        now = time.thread_time()
        longest, before = max(longest, now - before), now
    await task
    return longest


@pytest.mark.parametrize("value", ["[],", "0,", '"",', "1e5,", "{},"])
async def test_data_that_is_slow_to_parse_holds_nobody(value: str) -> None:
    service = EchoService(settings())
    async with running(service) as port, connect(port) as wire:
        values = value * ((service.settings.max_data_bytes - 20) // len(value))
        data = f'{{"values": [{values[:-1]}]}}'.encode()
        holds = []
        for _ in range(3):  # a hold may be another's, as the garbage collector's
            await wire.send(
                json.dumps({"type": "noise", "data_length": len(data)}).encode() + b"\n"
            )
            await wire.send(data, Ping(text="done"))
            answered = asyncio.create_task(wire.read_type("pong"))
            holds.append(await longest_hold(answered))
        assert min(holds) < 0.05  # a megabyte took 0.2 s


async def test_data_beyond_the_limit_is_refused() -> None:
    service = EchoService(settings("--max-data-bytes", "5000"))
    async with running(service) as port, connect(port) as wire:
        await wire.send(b'{"type": "echo", "data_length": 5001}\n')
        assert "from 0 to 5000" in await wire.read_error("invalid-event")


async def test_deeply_nested_data_is_an_error_and_no_traceback(
    service: EchoService, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(service) as port:
        for depth in (500, 900, 20_000):
            async with connect(port) as wire:
                nested = "[" * depth + "]" * depth
                await wire.send(f'{{"type": {nested}}}\n'.encode())
                await wire.read_error("invalid-event")
    assert "Traceback" not in caplog.text


async def test_a_flood_of_small_events_does_not_starve_others(service: EchoService) -> None:
    async with running(service) as port, connect(port) as flood, connect(port) as other:
        await flood.send(*[b'{"type":"x"}\n'] * 3000, Ping(text="flooded"))
        flooded = asyncio.create_task(flood.read_type("pong"))
        turns = 0
        while not flooded.done():
            await other.send(Ping(text="me"))
            await other.read_type("pong")
            turns += 1
        assert turns > 20


@pytest.mark.parametrize("name", ["x" * 60_000, "y\ny" * 1000])
async def test_a_clients_text_is_neither_logged_nor_echoed_at_length(
    service: EchoService, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    caplog.set_level("DEBUG")
    async with running(service) as port, connect(port) as wire:
        await wire.send(json.dumps({"type": name, "data": [1]}).encode() + b"\n")
        assert len(await wire.read_error("invalid-event")) < 200
    assert all(len(line) < 300 and "\n" not in line for line in caplog.messages)


class WordyHandler(EchoHandler):
    async def handle(self, event: Event) -> None:
        raise InvalidEvent("there is no " + "x" * 1_000_000)


async def test_a_handlers_long_error_is_shortened(caplog: pytest.LogCaptureFixture) -> None:
    class Wordy(EchoService):
        def handler(self, client: Client) -> WordyHandler:
            return WordyHandler(self, client)

    async with running(Wordy(settings())) as port, connect(port) as wire:
        await wire.send(Event("x"))
        assert len(await wire.read_error("invalid-event")) < 600
    assert all(len(line) < 700 for line in caplog.messages)


async def test_a_crowd_beyond_the_limit_is_told_and_the_others_are_served() -> None:
    service = CountingService("--max-connections", "3")
    async with running(service) as port, connect(port) as one, connect(port) as two:
        await one.send(DESCRIBE)
        await one.read_type("info")
        await two.send(DESCRIBE)
        await two.read_type("info")
        async with connect(port) as three:
            await three.send(DESCRIBE)
            await three.read_type("info")
            for _ in range(2):
                async with connect(port) as refused:
                    await refused.send(DESCRIBE)  # unread bytes must not reset the connection
                    assert "3 connections" in await refused.read_error("too-many-connections")
        await until(lambda: len(open_sockets(port)) <= 3)
        assert await alive(port)
    assert service.outcomes == [ErrorCode.TOO_MANY_CONNECTIONS] * 2


async def test_clients_that_wait_for_their_close_take_no_place() -> None:
    service = EchoService(settings("--max-connections", "1"))
    async with running(service) as port, connect(port) as failed:
        await failed.send(Event("bad"))
        await failed.read_type("error")
        assert await alive(port)  # `failed` has not left yet


async def test_no_more_wait_for_their_close_than_may_connect() -> None:
    service = EchoService(settings("--max-connections", "2"))
    async with running(service) as port:
        failed = [await asyncio.open_connection("127.0.0.1", port) for _ in range(6)]
        for _, writer in failed:
            writer.write(b"nonsense\n")
        await until(lambda: len(open_sockets(port)) <= 4)
        for _, writer in failed:
            writer.close()


def open_sockets(port: int) -> list[int]:
    """The server's sockets that a client is connected to."""
    return [
        tcp.fd
        for tcp in psutil.Process().net_connections("tcp")
        if tcp.laddr.port == port and tcp.status in ("ESTABLISHED", "FIN_WAIT2")
    ]


@needs_loopback_network
async def test_one_address_may_not_take_every_place() -> None:
    service = CountingService("--max-connections-per-address", "1")
    async with running(service) as port, connect_from("127.0.0.7", port) as first:
        await first.send(DESCRIBE)
        await first.read_type("info")
        async with connect_from("127.0.0.7", port) as second:
            assert "of 127.0.0.7" in await second.read_error("too-many-connections")
        async with connect_from("127.0.0.8", port) as other:
            await other.send(DESCRIBE)
            await other.read_type("info")
    assert service.outcomes == [ErrorCode.TOO_MANY_CONNECTIONS]


@needs_loopback_network
async def test_only_allowed_networks_are_served() -> None:
    service = CountingService("--allowed-networks", "127.0.3.0/24, fd00::/8")
    async with running(service) as port:
        assert await alive(port)  # this machine is always allowed: it asks for health
        async with connect_from("127.0.3.9", port) as friend:
            await friend.send(DESCRIBE)
            await friend.read_type("info")
        async with connect_from("127.0.4.9", port) as stranger:
            assert "127.0.4.9" in await stranger.read_error("address-refused")
    assert service.outcomes == [ErrorCode.ADDRESS_REFUSED]
