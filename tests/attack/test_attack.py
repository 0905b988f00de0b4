"""Two thousand wrong conversations: others are served as before, and nothing is kept of them."""

from collections.abc import Callable
from random import Random

import pytest

from tests.attack.mutations import wrong_stream
from tests.attack.run import attack_service
from tests.attack.services import speech_to_text, text_to_speech
from tests.attack.streams import SPEECH_TO_TEXT, TEXT_TO_SPEECH, Target
from wyoming_serving.service import Service

SEED = 13
CASES = 1_000


@pytest.mark.parametrize(
    ("make", "target"),
    [(speech_to_text, SPEECH_TO_TEXT), (text_to_speech, TEXT_TO_SPEECH)],
    ids=["funasr", "melotts"],
)
async def test_an_attack_hurts_nobody(make: Callable[[], Service], target: Target) -> None:
    outcome = await attack_service(make(), target, SEED, CASES)
    assert outcome.problems() == []
    for kind in ("invalid-event", "invalid-request", target.answer_ends_with, "http 200"):
        assert outcome.answers[kind] > CASES / 50, outcome.answers


def test_a_seed_says_what_is_sent() -> None:
    one, again, other = (
        wrong_stream(SPEECH_TO_TEXT.streams, Random(seed)) for seed in ("a", "a", "b")
    )
    assert one == again != other
