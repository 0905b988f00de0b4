"""What is decided at each place of an utterance, without audio, model or event loop."""

import pytest

from wyoming_funasr.audio.utterance import SpeechState
from wyoming_funasr.requests.completeness import Completeness
from wyoming_funasr.requests.endpointing import Decision, Endpointing, EndpointRules

RULES = EndpointRules(
    silence_ms=500, unfinished_silence_ms=1000, no_speech_ms=10_000, speculation_silence_ms=200
)


def judge(text: str) -> Completeness:
    return Completeness.UNFINISHED if text.endswith("the") else Completeness.UNKNOWN


def decide(
    silence_ms: int,
    text: str | None = None,
    *,
    revision: int = 1,
    position_ms: int = 3000,
    rules: EndpointRules = RULES,
) -> Decision:
    speech = SpeechState(revision, silence_ms, position_ms)
    return Endpointing(rules, judge).decide(speech, text)


@pytest.mark.parametrize(
    ("silence_ms", "decision"),
    [
        (0, Decision.NOTHING),
        (199, Decision.NOTHING),
        (200, Decision.SPECULATE),
        (499, Decision.SPECULATE),
        (500, Decision.RECOGNIZE),
    ],
)
def test_a_pause_is_used_and_then_asks_for_the_text(silence_ms: int, decision: Decision) -> None:
    assert decide(silence_ms) is decision


@pytest.mark.parametrize(
    ("text", "silence_ms", "decision"),
    [
        ("turn it on", 300, Decision.WAIT_LONGER),
        ("turn it on", 500, Decision.END),
        ("turn on the", 500, Decision.WAIT_LONGER),
        ("turn on the", 999, Decision.WAIT_LONGER),
        ("turn on the", 1000, Decision.END),
    ],
)
def test_the_text_says_how_long_to_wait(text: str, silence_ms: int, decision: Decision) -> None:
    assert decide(silence_ms, text) is decision


@pytest.mark.parametrize("speech", [(0, None), (1, "")], ids=["silence", "a cough"])
def test_without_speech_it_gives_up_in_the_end(speech: tuple[int, str | None]) -> None:
    revision, text = speech
    assert decide(9_000, text, revision=revision, position_ms=9_999) is Decision.NOTHING
    assert decide(9_000, text, revision=revision, position_ms=10_000) is Decision.GIVE_UP


def test_one_who_speaks_is_not_given_up_on() -> None:
    assert decide(0, position_ms=60_000) is Decision.NOTHING


def test_a_short_unfinished_silence_shortens_nothing() -> None:
    rules = EndpointRules(800, 300, 10_000, 200)
    assert decide(700, "turn on the", rules=rules) is Decision.WAIT_LONGER
    assert decide(800, "turn on the", rules=rules) is Decision.END


def test_where_the_client_decides_nothing_ends() -> None:
    rules = EndpointRules(None, 1000, 10_000, 200)
    assert decide(100, rules=rules) is Decision.NOTHING
    assert decide(5_000, rules=rules) is Decision.SPECULATE
    assert decide(5_000, "turn it on", rules=rules) is Decision.NOTHING
    assert decide(0, revision=0, position_ms=60_000, rules=rules) is Decision.NOTHING


def test_speculation_can_be_off() -> None:
    rules = EndpointRules(500, 1000, 10_000, 0)
    assert decide(400, rules=rules) is Decision.NOTHING
    assert decide(500, rules=rules) is Decision.RECOGNIZE
