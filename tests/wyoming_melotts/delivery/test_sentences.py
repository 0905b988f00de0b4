"""Cutting a stream of text."""

import random
import time

import pytest

from wyoming_melotts.delivery.sentences import LONGEST_SENTENCE, SentenceCutter, cut_sentences

# What the sentence-stream package (1.3.0) makes of them.
CASES = [
    ("你好。客厅的灯已打开！温度是26度", ["你好。", "客厅的灯已打开！", "温度是26度"]),
    ("Hello there. It is 3.5 degrees. Yes!", ["Hello there.", "It is 3.5 degrees.", "Yes!"]),
    ("Living Room 的灯已打开。Good night.", ["Living Room 的灯已打开。", "Good night."]),
    ("“好的。”他说。", ["“好的。”", "他说。"]),
    ("Mr. Smith is at the door.", ["Mr. Smith is at the door."]),
    ("I am J. R. Smith. Hello!", ["I am J. R. Smith.", "Hello!"]),
    ("He said 'Yes.' Then he left.", ["He said 'Yes.'", "Then he left."]),
    ("one\n\ntwo\r\n\r\nthree", ["one", "two", "three"]),
    ("Done.\n\n 2) More", ["Done.", "2) More"]),
    ("Steps: a. 1. one 2. two", ["Steps: a.", "1. one 2. two"]),
    ("Do it! 1. First", ["Do it!", "1.", "First"]),
    ("**Bold** text. * A *list* item.", ["Bold text.  A list* item."]),
    ("* one\n* two", [" one\n two"]),
    ("等等……然后呢？", ["等等……", "然后呢？"]),
    ("मैं ठीक हूँ। आप?", ["मैं ठीक हूँ।", "आप?"]),
    ("ok.no Blank", ["ok.no Blank"]),
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


def test_a_sentence_without_an_end_is_cut() -> None:
    cutter = SentenceCutter()
    begun = list(cutter.push("and then the light went on " * 100))
    assert begun
    sentences = [*begun, *cutter.finish()]
    assert max(map(len, sentences)) <= LONGEST_SENTENCE
    assert " ".join(sentences).split() == ("and then the light went on " * 100).split()


HOSTILE = [
    "।",
    "好A.我。",
    "*",
    "* ",
    ".…",
    "\n",
    ".\n",
    "a. ",
    '."',
    "Mr. A",
    "一",
    "1+",
    ". 1",
    "…?",
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_text_keeps_its_words_and_the_bound(unit: str) -> None:
    text = (unit * 5_000)[:10_000]
    sentences = cut_sentences(text)
    assert max(map(len, sentences), default=0) <= LONGEST_SENTENCE
    for sign in "一A1":
        assert "".join(sentences).count(sign) == text.count(sign)


@pytest.mark.parametrize("unit", HOSTILE)
def test_time_grows_with_the_length_alone(unit: str) -> None:
    def seconds(characters: int) -> float:
        text = (unit * characters)[:characters]
        started = time.thread_time()
        cut_sentences(text)
        return time.thread_time() - started

    # eight times as long: a square would take 64 times the time
    assert min(seconds(160_000) for _ in range(2)) < 24 * max(seconds(20_000), 0.001)


def test_random_text_is_cut_alike_however_it_arrives() -> None:
    chance = random.Random(1)
    parts = [*"。！？.!?।*\n”)一a A1", "Mr.", "…", "\r\n\r\n", "1. "]
    for _ in range(2_000):
        text = "".join(chance.choices(parts, k=30))
        cutter = SentenceCutter()
        cut = [sentence for character in text for sentence in cutter.push(character)]
        assert [*cut, *cutter.finish()] == cut_sentences(text), text
