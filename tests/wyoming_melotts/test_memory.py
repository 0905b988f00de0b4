"""Memory is level once the cache of sentences is full."""

import gc
import tracemalloc

from wyoming.tts import Synthesize

from tests.support.wire import Wire, connect
from tests.wyoming_melotts.conftest import ServiceMaker
from wyoming_serving.service import running

REQUESTS = 35
MOST_GROWTH_BYTES = 200_000
"""A fifth of what the audio of as many sentences takes."""


async def speak_all(wire: Wire, first_number: int) -> int:
    """Speak as many different sentences; returns the bytes in use after it."""
    for number in range(first_number, first_number + REQUESTS):
        await wire.send(Synthesize(text=f"The temperature in room {number} is fine."))
        while (event := await wire.read()) is not None and event.type != "audio-stop":
            assert event.type in ("audio-start", "audio-chunk")
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


async def test_memory_is_level_once_the_cache_is_full(make_service: ServiceMaker) -> None:
    async with running(make_service(cache_mb=1)) as port, connect(port) as wire:
        tracemalloc.start()
        try:
            full = await speak_all(wire, 1000)
            later = await speak_all(wire, 2000)
        finally:
            tracemalloc.stop()
    assert later - full < MOST_GROWTH_BYTES
