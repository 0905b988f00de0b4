"""The thread that reads text is seen and bounded like every other worker."""

import threading

import pytest
from wyoming.event import Event
from wyoming.tts import Synthesize

from tests.support.waiting import until
from tests.support.wire import Wire, connect
from tests.wyoming_melotts.conftest import ServiceMaker
from wyoming_melotts.synthesis.speech import Reader
from wyoming_serving.service import running


async def test_its_jobs_are_in_the_metrics(make_service: ServiceMaker) -> None:
    service = make_service()
    labels = {"scheduler": "front-end", "outcome": "finished"}
    async with running(service) as port, connect(port) as wire:
        before = service.metrics.get_sample_value("wyoming_scheduler_jobs_total", labels)
        assert before
        await wire.send(Synthesize(text="On."))
        assert (await read_answer(wire)).type == "audio-stop"
        after = service.metrics.get_sample_value("wyoming_scheduler_jobs_total", labels)
        assert after is not None and after > before


async def read_answer(wire: Wire) -> Event:
    """The event behind the audio."""
    while (event := await wire.read()) is not None:
        if event.type not in ("audio-start", "audio-chunk"):
            return event
    raise AssertionError("the connection ended")


async def test_what_takes_too_long_to_read_is_read_plainly(make_service: ServiceMaker) -> None:
    """Beyond the budget a text is read as upstream reads it, with all that it says."""
    text = "It is 21°C"
    async with running(make_service(text_normalization="upstream")) as port, connect(port) as wire:
        plain = await audio_of(wire, text)
    async with running(make_service(reading_seconds=1e-9)) as port, connect(port) as wire:
        both, begin = await audio_of(wire, f"On.\n\n{text}"), await audio_of(wire, "On.")
        assert both == begin + plain != begin + await audio_of(wire, text)


async def audio_of(wire: Wire, text: str) -> int:
    """How many bytes of audio a text has."""
    await wire.send(Synthesize(text=text))
    size = 0
    while (event := await wire.read()) is not None and event.type != "audio-stop":
        assert event.type in ("audio-start", "audio-chunk")
        size += len(event.payload or b"")
    return size


async def test_a_text_that_is_slow_to_read_takes_turns(
    make_service: ServiceMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another room hears what comes next between its sentences, none of which gives audio."""
    turns, read_pieces = threading.Semaphore(0), Reader.pieces
    slow_text = "\n\n".join(f"Slow {number}." for number in range(9))

    def pieces(reader: Reader, text: str, **options: bool) -> list[str]:
        if not text.startswith("Slow"):
            return read_pieces(reader, text, **options)
        turns.acquire()
        return []

    service = make_service(threads=1)  # one speech at a time
    async with running(service) as port, connect(port) as slow, connect(port) as neighbor:
        speaker = service.scheduler
        assert speaker is not None
        monkeypatch.setattr(Reader, "pieces", pieces)
        try:
            await slow.send(Synthesize(text=slow_text))
            await until(lambda: speaker.running == 1)
            await neighbor.send(Synthesize(text="Turn on " + "the light and " * 9))
            await until(lambda: speaker.depth == 1)
            turns.release()
            await neighbor.read_type("audio-start")
            await neighbor.read_type("audio-chunk")
            turns.release()
            await neighbor.read_type("audio-chunk")
        finally:
            turns.release(9)


async def test_a_text_that_is_never_read_fails_in_time(
    make_service: ServiceMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = make_service(job_seconds=1.0)
    released = threading.Event()
    async with running(service) as port, connect(port) as wire:

        def never(*_: object, **__: object) -> list[str]:
            released.wait()
            return []

        monkeypatch.setattr(Reader, "pieces", never)
        await wire.send(Synthesize(text="On."))
        await wire.read_error("engine-failed")
        await until(lambda: "front-end" in str(service.status().problems))
        released.set()
