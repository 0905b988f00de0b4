"""How a process ends that is told to: in order, within a time limit, or at once."""

import asyncio
import logging
import os
import queue
import signal
import threading
from types import FrameType
from typing import Self

_LOGGER = logging.getLogger(__name__)

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_LOG_SECONDS = 0.1


class Termination:
    """While it is entered, the first SIGTERM or SIGINT asks to end, and a second one ends at once.

    Whatever hangs then, an engine or the event loop itself, the process ends `seconds` after the
    first.
    """

    def __init__(self, seconds: float) -> None:
        self.requested = asyncio.Event()
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        # a handler may interrupt any code, so it may touch only what is reentrant
        self._told: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._watcher = threading.Thread(target=self._watch, name="termination", daemon=True)
        self._signalled = False

    def __enter__(self) -> Self:
        self._watcher.start()
        self._former = {number: signal.signal(number, self._on_signal) for number in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)
        self._told.put(False)
        self._watcher.join()

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if self._signalled:
            os._exit(128 + number)
        self._signalled = True
        self._told.put(True)
        self._loop.call_soon_threadsafe(self.requested.set)

    def _watch(self) -> None:
        if not self._told.get():
            return
        try:
            self._told.get(timeout=self._seconds)
        except queue.Empty:
            exit_now(0, f"not everything ended within {self._seconds:g} s; exiting without it")


def exit_now(status: int, why: str) -> None:
    """End the process without waiting for anything, not even for a log that nobody reads."""
    last_words = threading.Thread(target=_LOGGER.warning, args=("%s", why), daemon=True)
    last_words.start()
    last_words.join(_LOG_SECONDS)
    os._exit(status)


async def until_stopped(work: list[asyncio.Task[None]], ends: list[asyncio.Event]) -> None:
    """Wait for the first of `ends`, or for work to fail, whose error is raised."""
    waits = [asyncio.create_task(end.wait(), name="end") for end in ends]
    try:
        while not any(task.done() for task in waits):
            await asyncio.wait([*waits, *work], return_when=asyncio.FIRST_COMPLETED)
            for done in [task for task in work if task.done()]:
                work.remove(done)
                done.result()
    finally:
        for task in waits:
            task.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
