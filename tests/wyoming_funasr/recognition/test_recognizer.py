"""Segments of one utterance, joined to one recognition."""

import numpy as np

from wyoming_funasr.recognition.recognizer import join_segments
from wyoming_funasr.recognition.types import Recognition, SpeechSegment, Word

NO_TEXT = Recognition(event="bgm")


def segments(count: int) -> list[SpeechSegment]:
    """Of 300 ms each."""
    return [SpeechSegment(np.zeros((30, 80), np.float32), 300 * i) for i in range(count)]


def part(text: str, confidence: float, language: str | None = "en") -> Recognition:
    words = tuple(Word(word, 0, 100, confidence) for word in text.split())
    return Recognition(text, words, confidence, language, event="speech")


def test_words_get_their_place_in_the_utterance() -> None:
    joined = join_segments(segments(2), [part("turn on", 0.9), part("the light", 0.8)])
    assert joined.text == "turn on the light"
    assert [word.start_ms for word in joined.words] == [0, 0, 300, 300]
    assert joined.confidence == 0.8


def test_no_word_ends_behind_its_segment() -> None:
    late = Recognition("on", (Word("on", 260, 320, 0.9),), 0.9, "en")
    joined = join_segments(segments(2), [late, late])
    assert [(word.start_ms, word.end_ms) for word in joined.words] == [(260, 300), (560, 600)]


def test_a_segment_without_text_does_not_lower_the_confidence() -> None:
    joined = join_segments(segments(2), [part("turn on", 0.93), NO_TEXT])
    assert joined.confidence == 0.93
    assert joined.event == "speech"


def test_a_first_segment_without_text_does_not_hide_the_language() -> None:
    without_words = Recognition("打开灯", confidence=0.9, language="zh")
    joined = join_segments(segments(3), [NO_TEXT, without_words, Recognition("关", (), 0.8, "yue")])
    assert joined.language == "zh"
    assert joined.text == "打开灯关"
    assert joined.confidence == 0.8


def test_one_segment_with_text_keeps_its_place() -> None:
    joined = join_segments(segments(2), [NO_TEXT, part("yes", 0.7)])
    assert joined.words == (Word("yes", 300, 400, 0.7),)


def test_no_text_at_all_keeps_what_else_is_known() -> None:
    assert join_segments(segments(2), [NO_TEXT, Recognition()]) == NO_TEXT
    assert join_segments([], []) == Recognition()
