"""Waiting for something to become true, without guessing how long it takes."""

import asyncio
from collections.abc import Callable

LONGEST_SECONDS = 60.0


async def until(condition: Callable[[], bool]) -> None:
    """Let other tasks run until `condition` holds."""
    async with asyncio.timeout(LONGEST_SECONDS):
        while not condition():  # noqa: ASYNC110  any condition, not only one with an event
            await asyncio.sleep(0.005)
