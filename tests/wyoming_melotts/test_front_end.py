"""The thread that reads text is seen and bounded like every other worker."""

import threading

import pytest
from wyoming.tts import Synthesize

from tests.support.waiting import until
from tests.support.wire import connect
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
        while (event := await wire.read()) is not None and event.type != "audio-stop":
            pass
        after = service.metrics.get_sample_value("wyoming_scheduler_jobs_total", labels)
        assert after is not None and after > before


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
