"""A recognition begun ahead counts for the speech it was begun for, and for no other."""

import asyncio

import pytest

from tests.support.waiting import until
from wyoming_funasr.recognition.recognizer import RecognitionRequest
from wyoming_funasr.recognition.types import Recognition
from wyoming_funasr.requests.speculation import Speculation, SpeculationOutcome
from wyoming_serving.errors import QueueFull

REQUEST = RecognitionRequest(())
USED, WASTED = SpeculationOutcome.USED, SpeculationOutcome.WASTED


class Device:
    """Answers `text 1`, `text 2`, ... one for each request, when it is told to."""

    def __init__(self) -> None:
        self.begun = 0
        self.cancelled = 0
        self.refuses = False
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.outcomes: list[SpeculationOutcome] = []
        self.speculation = Speculation(self.recognize, self.outcomes.append)

    async def recognize(self, request: RecognitionRequest) -> Recognition:
        if self.refuses:
            raise QueueFull("full")
        self.begun += 1
        answer = Recognition(f"text {self.begun}")
        try:
            await self.may_answer.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return answer


async def test_what_was_begun_ahead_is_the_answer() -> None:
    device = Device()
    await device.speculation.begin(7, REQUEST)
    await device.speculation.begin(7, REQUEST)
    assert (await device.speculation.finish(7, REQUEST)).text == "text 1"
    device.speculation.take()
    await device.speculation.drop()
    assert device.begun == 1 and device.outcomes == [USED]


async def test_the_text_is_known_for_its_speech_alone_and_once_it_is_there() -> None:
    device = Device()
    device.may_answer.clear()
    assert device.speculation.heard(7) is None
    await device.speculation.begin(7, REQUEST)
    assert device.speculation.heard(7) is None
    device.may_answer.set()
    await until(lambda: device.speculation.heard(7) == Recognition("text 1"))
    assert device.speculation.heard(8) is None


async def test_more_speech_makes_it_vain_and_frees_the_device() -> None:
    device = Device()
    device.may_answer.clear()
    await device.speculation.begin(7, REQUEST)
    await until(lambda: device.begun == 1)
    await device.speculation.drop_other_than(7)
    assert device.cancelled == 0
    await device.speculation.drop_other_than(8)
    assert device.cancelled == 1
    device.may_answer.set()
    assert (await device.speculation.finish(8, REQUEST)).text == "text 2"
    device.speculation.take()
    assert device.outcomes == [WASTED]


async def test_a_recognition_that_was_asked_for_is_no_speculation() -> None:
    device = Device()
    assert (await device.speculation.finish(7, REQUEST)).text == "text 1"
    assert (await device.speculation.finish(7, REQUEST)).text == "text 1"
    device.speculation.take()
    await device.speculation.drop()
    assert device.begun == 1 and device.outcomes == []


async def test_a_refused_speculation_is_tried_again_when_it_counts() -> None:
    device = Device()
    device.refuses = True
    await device.speculation.begin(7, REQUEST)
    await asyncio.sleep(0)
    assert device.speculation.heard(7) is None
    device.refuses = False
    assert (await device.speculation.finish(7, REQUEST)).text == "text 1"
    device.refuses = True
    with pytest.raises(QueueFull):
        await device.speculation.finish(8, REQUEST)
