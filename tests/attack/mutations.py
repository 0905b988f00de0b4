"""Making a stream wrong: in its events, their fields, or its bytes, and the same by a seed."""

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from wyoming.event import Event

VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 7, 2**31, -(2**63), 2**70, 1.5, -0.0, 1e308, float("nan"),
    float("inf"), "", " ", "0", "en", "zz-ZZ", "\x00", "\ud800", "\u202e", "一", "🙂", "a" * 5_000,
    "<speak>", "[" * 500, [], [None], [[]], ["a"] * 300, {}, {"name": 1}, {"name": {"name": []}},
)  # fmt: skip
"""What a field may hold that should not."""

TYPES = (
    "describe", "ping", "pong", "info", "error", "health", "select-program", "transcribe",
    "transcript", "audio-start", "audio-chunk", "audio-stop", "synthesize", "synthesize-start",
    "synthesize-chunk", "synthesize-stop", "voice-started", "detect", "run-pipeline", "", "x" * 300,
)  # fmt: skip
"""Events of every kind, whether or not a service takes them."""

FIELDS = (
    "text", "voice", "name", "language", "rate", "width", "channels", "timestamp", "context",
    "transcript_names", "transcript_terms", "vad_sensitivity", "text_format", "speaker", "type",
    "model", "input", "audio", "session", "mode", "event_id", "speed", "stream", "file", "is_end",
)  # fmt: skip


def wrong_stream(streams: Sequence[Sequence[Event]], random: Random) -> bytes:
    """Returns the bytes of one of `streams`, changed in a few places."""
    events = [
        Event(event.type, dict(event.data or {}), event.payload) for event in random.choice(streams)
    ]
    for _ in range(random.choice((1, 1, 2, 4))):
        random.choice(_OF_EVENTS)(events, random)
    written = bytearray()
    for event in events:
        written += _encode(event, random)
    if random.random() < 0.25:
        damage(written, random)
    return bytes(written)


def _drop(events: list[Event], random: Random) -> None:
    if events:
        del events[random.randrange(len(events))]


def _repeat(events: list[Event], random: Random) -> None:
    if events:
        place = random.randrange(len(events))
        events[place:place] = [events[place]] * random.choice((1, 2, 20))


def _swap(events: list[Event], random: Random) -> None:
    random.shuffle(events)


def _insert(events: list[Event], random: Random) -> None:
    data = {random.choice(FIELDS): random.choice(VALUES) for _ in range(random.randrange(4))}
    payload = random.choice((None, b"", b"\x00", random.randbytes(333)))
    place = random.randrange(len(events) + 1)
    events.insert(place, Event(random.choice(TYPES), data, payload))


def _change_field(events: list[Event], random: Random) -> None:
    if events:
        event = random.choice(events)
        known = [*event.data, random.choice(FIELDS)]
        event.data[random.choice(known)] = random.choice(VALUES)


def _remove_field(events: list[Event], random: Random) -> None:
    with_data = [event for event in events if event.data]
    if with_data:
        event = random.choice(with_data)
        del event.data[random.choice(list(event.data))]


def _change_payload(events: list[Event], random: Random) -> None:
    if events:
        place = random.randrange(len(events))
        event = events[place]
        payload = random.choice((None, b"\x00", random.randbytes(997), bytes(50_000)))
        events[place] = Event(event.type, event.data, payload)


_OF_EVENTS: tuple[Callable[[list[Event], Random], None], ...] = (
    _drop,
    _repeat,
    _swap,
    _insert,
    _insert,
    _change_field,
    _change_field,
    _change_field,
    _remove_field,
    _change_payload,
)


def _encode(event: Event, random: Random) -> bytes:
    """The bytes of an event; now and then its header lies."""
    payload = event.payload or b""
    head: dict[str, Any] = {"type": event.type}
    data = json.dumps(event.data).encode()
    if random.random() < 0.5:
        head["data"], data = event.data, b""
    else:
        head["data_length"] = len(data)
    head["payload_length"] = len(payload)
    if random.random() < 0.05:
        field = random.choice(("type", "data", "data_length", "payload_length", "version"))
        head[field] = random.choice(VALUES)
    return json.dumps(head).encode() + b"\n" + data + payload


def damage(written: bytearray, random: Random) -> None:
    """Flip, cut, repeat or add some bytes."""
    for _ in range(random.choice((1, 3, 10))):
        place = random.randrange(len(written) + 1)
        match random.randrange(4):
            case 0 if place < len(written):
                written[place] = random.randrange(256)
            case 1:
                del written[place : place + random.choice((1, 10, 1000))]
            case 2:
                written[place:place] = written[place : place + 100]
            case _:
                written[place:place] = random.randbytes(random.choice((1, 20, 2000)))
