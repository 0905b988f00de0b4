"""A client that can also say what the wyoming library would not."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from wyoming.event import Event, Eventable, async_read_event

READ_SECONDS = 60.0


class Wire:
    """A connection to a server under test."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, *items: Event | Eventable | bytes) -> None:
        """Send events, or bytes as they are."""
        for item in items:
            self.writer.write(item if isinstance(item, bytes) else encode(item))
        await self.writer.drain()

    async def read(self) -> Event | None:
        """The next event; None is the end of the connection."""
        async with asyncio.timeout(READ_SECONDS):
            return await async_read_event(self.reader)

    async def read_type(self, event_type: str) -> Event:
        """The next event, which must be of this type."""
        event = await self.read()
        assert event is not None, f"the connection ended before {event_type}"
        assert event.type == event_type, event
        return event

    async def read_error(self, code: str) -> str:
        """The error event that must come, after which the connection must end; its text."""
        event = await self.read_type("error")
        assert event.data["code"] == code, event
        assert await self.read() is None
        return str(event.data["text"])


def encode(item: Event | Eventable) -> bytes:
    """An event's bytes, as a client other than the wyoming library may write them."""
    event = item if isinstance(item, Event) else item.event()
    data = json.dumps(event.data or {}, ensure_ascii=False).encode()
    payload = event.payload or b""
    head = {"type": event.type, "data_length": len(data), "payload_length": len(payload)}
    return json.dumps(head).encode() + b"\n" + data + payload


@asynccontextmanager
async def connect(port: int) -> AsyncIterator[Wire]:
    """A connection to a server on this machine."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()
