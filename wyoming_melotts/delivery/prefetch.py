"""Computing ahead of the one who takes."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar

Item = TypeVar("Item")


class _End:
    """Marks the end of the items."""


async def prefetch(source: AsyncGenerator[Item, None], most: int) -> AsyncGenerator[Item, None]:
    """Yield the items of `source`, of which up to `most` are computed in advance.

    An exception of the source is raised after the items before it. When the taker stops, so does
    the source.
    """
    ready: asyncio.Queue[Item | Exception | type[_End]] = asyncio.Queue(most)

    async def fill() -> None:
        try:
            async with aclosing(source):
                async for item in source:
                    await ready.put(item)
        except Exception as error:
            await ready.put(error)
        else:
            await ready.put(_End)

    filling = asyncio.create_task(fill(), name="prefetch")
    try:
        while True:
            item = await ready.get()
            if item is _End:
                return
            if isinstance(item, Exception):
                raise item
            yield item  # type: ignore[misc]
    finally:
        filling.cancel()
        await asyncio.gather(filling, return_exceptions=True)
