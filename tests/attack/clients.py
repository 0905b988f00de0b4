"""The attackers, for a process of their own: only the service's work holds its event loop."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from wyoming.event import Event, async_read_event

from tests.attack.mutations import wrong_stream
from tests.attack.streams import Target
from tests.attack.web_clients import attack_http, attack_websocket
from tests.support.wire import connect

_AT_ONCE = 16
_ANSWER_SECONDS = 60.0
"""For the service to end a conversation whose client has sent all it will."""


@dataclass(frozen=True)
class Ports:
    """Where a service listens."""

    wyoming: int
    http: int


async def attack(target: Target, ports: Ports, seed: int, cases: int) -> Counter[str]:
    """Send `cases` wrong conversations: Wyoming, HTTP and WebSockets in turn.

    Returns how often each kind of answer came back; an error counts under its code. The same seed
    sends the same bytes.

    Raises:
        AssertionError: a conversation did not end, or an answer was not of its protocol.
    """
    answers: Counter[str] = Counter()
    numbers = iter(range(cases))
    doors = (
        (attack_wyoming, ports.wyoming),
        (attack_http, ports.http),
        (attack_websocket, ports.http),
    )

    async def client() -> None:
        for number in numbers:
            send, port = doors[number % len(doors)]
            answers.update(await send(target, port, Random(f"{seed} {number}")))

    await asyncio.gather(*(client() for _ in range(_AT_ONCE)))
    return answers


async def healthy_answer(target: Target, port: int) -> list[Event]:
    """Returns what a client gets that does nothing wrong."""
    events: list[Event] = []
    async with connect(port) as wire:
        await wire.send(*target.request)
        while not events or events[-1].type != target.answer_ends_with:
            event = await wire.read()
            assert event is not None, f"the connection ended after {events}"
            events.append(event)
    return events


async def attack_wyoming(target: Target, port: int, random: Random) -> list[str]:
    """Send one wrong stream of events; returns the types of those that came back."""
    stream = wrong_stream(target.streams, random)
    leaves_at_once = random.random() < 0.15
    pieces = _cut(stream, random)
    received: list[str] = []
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            if leaves_at_once:
                return []
            writer.write_eof()
        async with asyncio.timeout(_ANSWER_SECONDS):
            while (event := await _read(reader)) is not None:
                received.append(str(event.data["code"]) if event.type == "error" else event.type)
    except TimeoutError:
        raise AssertionError(f"this did not end: {stream[:2000]!r}") from None
    finally:
        writer.transport.abort()
    return received


async def _read(reader: asyncio.StreamReader) -> Event | None:
    try:
        return await async_read_event(reader)
    except ConnectionError:
        return None


def _cut(stream: bytes, random: Random) -> Sequence[bytes]:
    if random.random() < 0.7:
        return [stream]
    places = sorted(random.randrange(len(stream) + 1) for _ in range(5))
    return [stream[a:b] for a, b in zip([0, *places], [*places, len(stream)], strict=True)]
