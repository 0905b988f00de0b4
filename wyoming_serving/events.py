"""Reading Wyoming events within bounds.

A Wyoming event is one line of JSON, then `data_length` bytes of JSON, then `payload_length` bytes
(https://github.com/OHF-Voice/wyoming). The library's own reader trusts every length that it is
told and treats a malformed event as the end of the connection; this one refuses both with an error.
"""

import asyncio
import json
from typing import Any

from wyoming.event import Event

from wyoming_serving.errors import InvalidEvent

MAX_HEADER_BYTES = 64 << 10
"""Longest header line; pass it to the stream as its `limit`."""

MAX_DATA_BYTES = 1 << 20


async def read_event(reader: asyncio.StreamReader, max_payload_bytes: int) -> Event | None:
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
        raise InvalidEvent(f"event header needs a `type` that is text, got {event_type!r}")
    data = header.get("data") or {}
    if not isinstance(data, dict):
        raise InvalidEvent(f"{event_type}: `data` must be an object")
    data_length = _length(header, "data_length", MAX_DATA_BYTES, event_type)
    payload_length = _length(header, "payload_length", max_payload_bytes, event_type)
    try:
        if data_length:
            data |= _json_object(await reader.readexactly(data_length), f"{event_type} data")
        payload = await reader.readexactly(payload_length) if payload_length else None
    except asyncio.IncompleteReadError:
        return None
    return Event(type=event_type, data=data, payload=payload)


def _json_object(raw: bytes, what: str) -> dict[str, Any]:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        raise InvalidEvent(f"{what} is not JSON") from None
    if not isinstance(value, dict):
        raise InvalidEvent(f"{what} must be a JSON object")
    return value


def _length(header: dict[str, Any], name: str, most: int, event_type: str) -> int:
    length = header.get(name)
    if length is None:
        return 0
    if not isinstance(length, int) or isinstance(length, bool) or not 0 <= length <= most:
        raise InvalidEvent(f"{event_type}: {name} must be from 0 to {most}, got {str(length)[:40]}")
    return length
