"""The real engines can be loaded again while the service runs, as after a GPU's failure."""

from collections.abc import Callable

import pytest
from wyoming.event import Event

from tests.attack.clients import healthy_answer
from tests.attack.services import speech_to_text, text_to_speech
from tests.attack.streams import SPEECH_TO_TEXT, TEXT_TO_SPEECH, Target
from wyoming_serving.service import Service, running
from wyoming_serving.supervision import Reduction


@pytest.mark.parametrize("reduction", Reduction)
@pytest.mark.parametrize(
    ("make", "target"),
    [(speech_to_text, SPEECH_TO_TEXT), (text_to_speech, TEXT_TO_SPEECH)],
    ids=["funasr", "melotts"],
)
async def test_a_rebuilt_engine_answers_as_before(
    make: Callable[[], Service], target: Target, reduction: Reduction
) -> None:
    service = make()
    async with running(service) as port:
        before = await healthy_answer(target, port)
        await service.rebuild(reduction)
        after = await healthy_answer(target, port)
        device = service.status().engines[0].device
        assert device.startswith("CPU") and device.endswith(", int8")
    assert _said(before) == _said(after)


def _said(events: list[Event]) -> tuple[list[object], bytes]:
    """The texts and the audio of an answer, however it was cut."""
    texts = [event.data["text"] for event in events if "text" in event.data]
    return texts, b"".join(event.payload or b"" for event in events)
