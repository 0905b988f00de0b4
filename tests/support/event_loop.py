"""How long an event loop is held."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

TICK_SECONDS = 0.001


class LoopWatch:
    """The most CPU time that the loop's thread spent between two ticks.

    CPU time, because the clock of a busy machine also counts what other programs did.
    """

    def __init__(self) -> None:
        self.longest_seconds = 0.0

    async def run(self) -> None:
        """Watch the running loop until cancelled."""
        before = time.thread_time()
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = time.thread_time()
            self.longest_seconds = max(self.longest_seconds, now - before)
            before = now


@asynccontextmanager
async def watched_loop() -> AsyncIterator[LoopWatch]:
    """Watch the running loop."""
    watch = LoopWatch()
    task = asyncio.create_task(watch.run())
    try:
        yield watch
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
