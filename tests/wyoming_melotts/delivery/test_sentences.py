"""Cutting a stream of text."""

import pytest

from wyoming_melotts.delivery.sentences import SentenceCutter, cut_sentences

CASES = [
    ("你好。客厅的灯已打开！温度是26度", ["你好。", "客厅的灯已打开！", "温度是26度"]),
    ("Hello there. It is 3.5 degrees. Yes!", ["Hello there.", "It is 3.5 degrees.", "Yes!"]),
    ("Living Room 的灯已打开。Good night.", ["Living Room 的灯已打开。", "Good night."]),
    ("“好的。”他说。", ["“好的。”", "他说。"]),
    ("Mr. Smith is at the door.", ["Mr. Smith is at the door."]),
    ("", []),
    (" \n ", []),
]


@pytest.mark.parametrize(("text", "sentences"), CASES)
def test_sentences(text: str, sentences: list[str]) -> None:
    assert cut_sentences(text) == sentences


@pytest.mark.parametrize("step", [1, 2, 3, 7])
@pytest.mark.parametrize(("text", "sentences"), CASES)
def test_a_stream_is_cut_as_the_whole(step: int, text: str, sentences: list[str]) -> None:
    cutter = SentenceCutter()
    cut = [s for i in range(0, len(text), step) for s in cutter.push(text[i : i + step])]
    assert [*cut, *cutter.finish()] == sentences


def test_a_sentence_comes_when_the_next_one_begins() -> None:
    cutter = SentenceCutter()
    assert list(cutter.push("你好。")) == []
    assert list(cutter.push("今")) == ["你好。"]
