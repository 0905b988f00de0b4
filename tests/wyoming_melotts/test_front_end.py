"""The thread that reads text is seen and bounded like every other worker."""

import threading

import pytest
from wyoming.event import Event
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop

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


SLOW_TEXT = "½" * 5000
"""Takes half a second to read, and never less than a tenth, whatever is remembered."""


async def test_a_text_that_takes_too_long_to_read_fails_alone(make_service: ServiceMaker) -> None:
    async with (
        running(make_service(reading_seconds=0.02)) as port,
        connect(port) as slow,
        connect(port) as neighbor,
    ):
        await slow.send(Synthesize(text=SLOW_TEXT))
        await neighbor.send(Synthesize(text="On."))
        assert "0.02 s" in await slow.read_error("text-too-long")
        assert (await read_answer(neighbor)).type == "audio-stop"


async def test_a_streamed_text_that_takes_too_long_to_read_ends_properly(
    make_service: ServiceMaker,
) -> None:
    async with running(make_service(reading_seconds=1e-6)) as port, connect(port) as wire:
        await wire.send(SynthesizeStart(), SynthesizeChunk(text="On."), SynthesizeStop())
        assert (await wire.read_type("error")).data["code"] == "text-too-long"
        await wire.read_type("synthesize-stopped")


async def test_the_time_of_all_sentences_counts(make_service: ServiceMaker) -> None:
    text = "\n\n".join(f"Number {number}" + "½" * 20 for number in range(100))
    async with running(make_service(reading_seconds=0.1)) as port, connect(port) as wire:
        await wire.send(Synthesize(text=text))
        await wire.read_type("audio-start")
        assert (await read_answer(wire)).data["code"] == "text-too-long"


async def test_a_text_that_is_never_read_fails_in_time(
    make_service: ServiceMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = make_service(job_seconds=1.0)
    released = threading.Event()
    async with running(service) as port, connect(port) as wire:

        def never(*_: object) -> list[str]:
            released.wait()
            return []

        monkeypatch.setattr(Reader, "pieces", never)
        await wire.send(Synthesize(text="On."))
        await wire.read_error("engine-failed")
        await until(lambda: "front-end" in str(service.status().problems))
        released.set()
