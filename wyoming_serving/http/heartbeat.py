"""Whether the client of a WebSocket is still there.

aiohttp has a heartbeat of its own, whose timer outlives a conversation that the server ended, and
keeps it in memory until the next ping would be due.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from wyoming_serving.http.connections import BoundedConnection


@contextlib.asynccontextmanager
async def heartbeat(
    connection: BoundedConnection, ping: Callable[[], Awaitable[None]], seconds: float
) -> AsyncIterator[None]:
    """While in the block, ping a client that has sent nothing for so long.

    One that sends nothing in as long again has gone, and its connection is reset.
    """
    beating = asyncio.create_task(_beat(connection, ping, seconds), name="heartbeat")
    try:
        yield
    finally:
        beating.cancel()
        await asyncio.wait([beating])


async def _beat(
    connection: BoundedConnection, ping: Callable[[], Awaitable[None]], seconds: float
) -> None:
    with contextlib.suppress(ConnectionError, TimeoutError):
        while True:
            connection.is_heard = False
            await asyncio.sleep(seconds)
            if connection.is_heard:
                continue
            async with asyncio.timeout(seconds):
                await ping()
            await asyncio.sleep(seconds)
            if not connection.is_heard:
                break
    connection.abort()
