"""What is decided at each place of an utterance, without audio, model or event loop."""

from dataclasses import replace
from functools import partial

import pytest

from wyoming_funasr.audio.utterance import SpeechState
from wyoming_funasr.recognition.home import Completeness
from wyoming_funasr.recognition.types import Recognition
from wyoming_funasr.requests.endpointing import Decision, Endpointing, EndpointRules

RULES = EndpointRules(
    silence_ms=500,
    unfinished_silence_ms=1000,
    no_speech_ms=10_000,
    speculation_silence_ms=200,
    complete_silence_ms=500,
    unplaced_silence_ms=500,
)


def judge(heard: Recognition) -> Completeness:
    if heard.text.endswith("the"):
        return Completeness.UNFINISHED
    return Completeness.COMPLETE if heard.text == "turn it off" else Completeness.UNKNOWN


def decide(
    silence_ms: int,
    text: str | None = None,
    *,
    revision: int = 1,
    position_ms: int = 3000,
    rules: EndpointRules = RULES,
    completeness: Completeness | None = None,
) -> Decision:
    speech = SpeechState(revision, silence_ms, position_ms)
    heard = None if text is None else Recognition(text, completeness=completeness)
    return Endpointing(rules, judge).decide(speech, heard)


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
    rules = replace(RULES, silence_ms=800, unfinished_silence_ms=300)
    assert decide(700, "turn on the", rules=rules) is Decision.WAIT_LONGER
    assert decide(800, "turn on the", rules=rules) is Decision.END


def test_where_the_client_decides_nothing_ends() -> None:
    rules = replace(RULES, silence_ms=None)
    assert decide(100, rules=rules) is Decision.NOTHING
    assert decide(5_000, rules=rules) is Decision.SPECULATE
    assert decide(5_000, "turn it on", rules=rules) is Decision.NOTHING
    assert decide(0, revision=0, position_ms=60_000, rules=rules) is Decision.NOTHING


def test_speculation_can_be_off() -> None:
    rules = replace(RULES, speculation_silence_ms=0)
    assert decide(400, rules=rules) is Decision.NOTHING
    assert decide(500, rules=rules) is Decision.RECOGNIZE


USUAL = replace(RULES, complete_silence_ms=300, unplaced_silence_ms=700)


@pytest.mark.parametrize(
    ("completeness", "silence_ms"),
    [
        (Completeness.COMPLETE, 300),
        (Completeness.UNKNOWN, 700),
        (Completeness.UNFINISHED, 1000),
        (None, 700),
    ],
)
def test_what_the_home_makes_of_a_text_says_how_long_to_wait(
    completeness: Completeness | None, silence_ms: int
) -> None:
    text = "turn it on"
    before = decide(silence_ms - 1, text, rules=USUAL, completeness=completeness)
    assert before is Decision.WAIT_LONGER
    assert decide(silence_ms, text, rules=USUAL, completeness=completeness) is Decision.END


def test_the_text_is_asked_for_where_it_may_end_an_utterance() -> None:
    assert decide(299, rules=USUAL) is Decision.SPECULATE
    assert decide(300, rules=USUAL) is Decision.RECOGNIZE


def test_a_text_that_the_home_does_not_place_may_break_off() -> None:
    unplaced = partial(decide, rules=USUAL, completeness=Completeness.UNKNOWN)
    assert unplaced(700, "remind me of the") is Decision.WAIT_LONGER
    assert unplaced(1000, "remind me of the") is Decision.END


def test_without_a_home_the_judge_says_what_is_whole() -> None:
    assert decide(300, "turn it off", rules=USUAL) is Decision.END


def test_what_is_no_command_of_a_known_home_is_not_ended_early() -> None:
    unplaced = partial(decide, rules=USUAL, completeness=Completeness.UNKNOWN)
    assert unplaced(300, "turn it off") is Decision.WAIT_LONGER
    assert unplaced(700, "turn it off") is Decision.END


def test_a_whole_command_waits_no_longer_than_the_client_asks_for() -> None:
    hasty = replace(RULES, silence_ms=200, speculation_silence_ms=100, complete_silence_ms=300)
    assert (
        decide(200, "turn it on", rules=hasty, completeness=Completeness.COMPLETE) is Decision.END
    )
