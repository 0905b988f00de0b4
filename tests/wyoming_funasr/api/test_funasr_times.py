"""Times of texts for FunASR's clients."""

import itertools
import json

from tests.wyoming_funasr.api.funasr_client import with_times
from wyoming_funasr.api.funasr.requests import parse
from wyoming_funasr.api.funasr.times import timed
from wyoming_funasr.recognition.types import Word


def words(*texts: str) -> list[Word]:
    """Words of 100 ms each."""
    return [Word(text, 100 * i, 100 * (i + 1), None) for i, text in enumerate(texts)]


def test_words_and_characters_have_their_times() -> None:
    said = timed("Hello, 世界。", words("hello", "世", "界"))
    assert said.timestamp == "[[0,100],[100,200],[200,300]]"
    assert [one["text_seg"] for one in said.sentences] == ["Hello", "世 界"]


def test_a_number_has_a_time_for_each_digit() -> None:
    said = timed("开20度", words("开", "20", "度"))
    assert said.timestamp == "[[0,100],[100,150],[150,200],[200,300]]"
    [sentence] = said.sentences
    assert sentence == {
        "text_seg": "开 2 0 度",
        "punc": "",
        "start": 0,
        "end": 300,
        "ts_list": [[0, 100], [100, 150], [150, 200], [200, 300]],
    }


def test_without_words_there_are_no_times() -> None:
    assert timed("你好", ()).units == ()


def test_the_page_finds_a_time_for_all_that_it_counts() -> None:
    pieces = itertools.product(
        ["turn", "off", "don't", "20", "灯", "关"], ["", " ", ",", "。", "！", "? ", "...", "、"]
    )
    for two in itertools.product(list(pieces), repeat=2):
        text = "".join(word + mark for word, mark in two)
        told = timed(text, words(*(word for word, _ in two)))
        with_times(text, told.timestamp)
        pairs = json.loads(told.timestamp)
        assert pairs == sorted(pairs)
        assert "".join(one["text_seg"] for one in told.sentences).replace(" ", "") == "".join(
            word for word, _ in two
        )


def test_hotwords_come_in_two_shapes() -> None:
    shapes = {
        '{"阿里巴巴": 20, "kitchen light": 5}': ["阿里巴巴", "kitchen light"],
        "阿里巴巴 达摩院": ["阿里巴巴", "达摩院"],
        "one,two，three\n": ["one", "two", "three"],
        "{}": [],
        "": [],
        "20": ["20"],
    }
    for given_text, expected in shapes.items():
        assert parse(json.dumps({"hotwords": given_text})).names == expected
