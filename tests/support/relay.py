"""A network that fails when a test wants it to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Relay:
    """Passes connections on to a server until it is cut."""

    def __init__(self, port: int) -> None:
        self._to_port = port
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: list[asyncio.Task[None]] = []
        self.refused = 0
        """How many of the next connections are closed at once."""
        self.connections = 0
        self.answers = asyncio.Event()
        """While it is not set, no more of the server's answers than the first piece arrives."""
        self.answers.set()

    @asynccontextmanager
    async def url(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            self.cut()

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.refused > 0:
            self.refused -= 1
            writer.transport.abort()
            return
        other_reader, other = await asyncio.open_connection("127.0.0.1", self._to_port)
        self._writers += [writer, other]
        asked, answered = _copy(reader, other), _copy(other_reader, writer, self.answers)
        self._tasks += [asyncio.create_task(asked), asyncio.create_task(answered)]


async def _copy(
    source: asyncio.StreamReader,
    target: asyncio.StreamWriter,
    may_follow: asyncio.Event | None = None,
) -> None:
    while data := await source.read(1 << 12):
        target.write(data)
        await target.drain()
        if may_follow is not None:
            await may_follow.wait()
