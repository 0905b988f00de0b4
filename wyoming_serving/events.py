"""Reading Wyoming events within bounds.

A Wyoming event is one line of JSON, then `data_length` bytes of JSON, then `payload_length` bytes
(https://github.com/OHF-Voice/wyoming). The library's own reader trusts every length that it is
told and treats a malformed event as the end of the connection; this one refuses both with an error.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from wyoming.event import Event

from wyoming_serving.client_json import parse_object
from wyoming_serving.errors import InvalidEvent
from wyoming_serving.excerpts import excerpt

MAX_HEADER_BYTES = 64 << 10
"""Longest header line; pass it to the stream as its `limit`."""


@dataclass(frozen=True)
class EventLimits:
    """The largest event that is taken.

    Parsing holds the event loop, in a thread as well, as the parser never lets go of the
    interpreter: up to 0.2 s for a megabyte of empty lists.
    """

    data_bytes: int
    payload_bytes: int


async def read_event(reader: asyncio.StreamReader, limits: EventLimits) -> Event | None:
    """Returns the next event, or None at the end of the connection.

    Raises:
        InvalidEvent: what arrived is not a Wyoming event, or is larger than allowed.
    """
    try:
        line = await reader.readline()
    except ValueError:
        raise InvalidEvent(f"event header is longer than {MAX_HEADER_BYTES} bytes") from None
    if not line:
        return None
    header = _json_object(line, "event header")
    event_type = header.get("type")
    if not isinstance(event_type, str):
        raise InvalidEvent(f"event header needs a `type` that is text, got {excerpt(event_type)}")
    data = header.get("data") or {}
    if not isinstance(data, dict):
        raise InvalidEvent(f"{excerpt(event_type)}: `data` must be an object")
    data_length = _length(header, "data_length", limits.data_bytes)
    payload_length = _length(header, "payload_length", limits.payload_bytes)
    try:
        if data_length:
            raw = await reader.readexactly(data_length)
            data |= _json_object(raw, f"{excerpt(event_type)} data")
        payload = await reader.readexactly(payload_length) if payload_length else None
    except asyncio.IncompleteReadError:
        return None
    return Event(type=event_type, data=data, payload=payload)


def _json_object(raw: bytes, what: str) -> dict[str, Any]:
    try:
        return parse_object(raw)
    except ValueError as problem:
        raise InvalidEvent(f"{what} {problem}") from None


def _length(header: dict[str, Any], name: str, most: int) -> int:
    length = header.get(name)
    if length is None:
        return 0
    if not isinstance(length, int) or isinstance(length, bool) or not 0 <= length <= most:
        raise InvalidEvent(
            f"{excerpt(header['type'])}: {name} must be from 0 to {most}, got {excerpt(length)}"
        )
    return length
