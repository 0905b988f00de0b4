"""The home's knowledge is built again and again, and nobody has to wait for it."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import psutil

from benchmarks.home import made_up_home
from tests.support.event_loop import watched_loop
from tests.support.waiting import until
from tests.wyoming_funasr.home.test_language_model import PIECES
from wyoming_funasr.home.description import Home
from wyoming_funasr.home.keeper import HomeKeeper
from wyoming_funasr.recognition.home import Completeness, Tokens

_MOST_SECONDS = 0.05
_REBUILDS = 10
_MODEL = "a model"
_ENTITIES = 5_000
_SENTENCES = tuple(f"play [some] (music|radio|songs) [number] {n} [now]" for n in range(50))


class _Source:
    """A home that changes whenever it is told."""

    def __init__(self) -> None:
        self._homes: asyncio.Queue[Home] = asyncio.Queue()

    def start(self) -> None:
        """There is nothing to read."""

    async def changes(self) -> AsyncIterator[Home]:
        while True:
            yield await self._homes.get()

    async def close(self) -> None:
        """There is nothing to stop."""

    def change(self, home: Home) -> None:
        self._homes.put_nowait(home)


def _tokens() -> Tokens:
    def write(tokens: Sequence[int]) -> str:
        return "".join(PIECES[token] for token in tokens).replace("▁", " ").strip()

    return Tokens([*PIECES, "<blank>"], len(PIECES), 0.06, write)


class _Collections:
    """The most CPU time that one garbage collection took; every thread waits for it."""

    def __init__(self) -> None:
        self.longest_seconds = 0.0
        self._started = 0.0

    def __call__(self, phase: str, info: dict[str, int]) -> None:
        now = time.thread_time()
        if phase == "start":
            self._started = now
        else:
            self.longest_seconds = max(self.longest_seconds, now - self._started)


@contextmanager
def _watched_collections() -> Iterator[_Collections]:
    watch = _Collections()
    gc.collect()
    gc.freeze()  # as the service does once it is loaded
    gc.callbacks.append(watch)
    try:
        yield watch
    finally:
        gc.callbacks.remove(watch)
        gc.unfreeze()


def _knows(keeper: HomeKeeper, home: Home) -> bool:
    known = keeper.context(_MODEL, "zh").known.get("zh")
    return known is not None and known.home is home


async def test_a_large_home_is_rebuilt_beside_the_loop_and_leaves_nothing() -> None:
    source = _Source()
    keeper = HomeKeeper(source, ["zh"], samples=1_000)
    process = psutil.Process()
    sizes = []
    home = made_up_home(_ENTITIES)
    with _watched_collections() as collections:
        async with watched_loop() as loop:
            keeper.start({_MODEL: _tokens()})
            for number in range(1 + _REBUILDS):
                changed = Home((), home.areas, home.entities[number:], (), _SENTENCES)
                source.change(changed)
                await until(partial(_knows, keeper, changed))
                sizes.append(process.memory_info().rss / 2**20)
            await keeper.close()
    assert keeper.context(_MODEL, "zh").judge("打开书房的", "zh") is not Completeness.COMPLETE
    assert loop.longest_seconds < _MOST_SECONDS
    assert collections.longest_seconds < _MOST_SECONDS
    assert max(sizes[-3:]) < max(sizes[:3]) + 30
