"""What a client gets of a recognition."""

import pytest

from wyoming_funasr.recognition.types import Recognition, Word
from wyoming_funasr.requests.endpointing import EndedBy
from wyoming_funasr.requests.events import Final
from wyoming_funasr.requests.script import in_script, language_of
from wyoming_funasr.requests.transcript import transcript_context


def spoken(text: str, *words: str) -> Recognition:
    times = range(0, 100 * len(words), 100)
    return Recognition(
        text, tuple(Word(word, at, at + 100, 0.5) for word, at in zip(words, times, strict=True))
    )


@pytest.mark.parametrize(
    ("tag", "text", "words"),
    [
        ("zh-TW", "打開客廳裡的 TV。", ["打", "開", "客", "廳", "裡", "的", "TV"]),
        ("zh-HK", "打開客廳裏的 TV。", ["打", "開", "客", "廳", "裏", "的", "TV"]),
        ("zh-CN", "打开客厅里的 TV。", ["打", "开", "客", "厅", "里", "的", "TV"]),
        (None, "打开客厅里的 TV。", ["打", "开", "客", "厅", "里", "的", "TV"]),
    ],
)
def test_words_are_in_the_characters_of_the_text(
    tag: str | None, text: str, words: list[str]
) -> None:
    recognition = spoken("打开客厅里的 TV。", "打", "开", "客", "厅", "里", "的", "TV")
    converted = in_script(recognition, tag, "auto")
    assert converted.text == text
    assert [word.text for word in converted.words] == words
    assert [word.start_ms for word in converted.words] == list(range(0, 700, 100))


def test_a_character_is_converted_by_its_neighbors() -> None:
    recognition = spoken("头发出发", "头", "发", "出", "发")
    words = in_script(recognition, "zh-TW", "auto").words
    assert [word.text for word in words] == ["頭", "髮", "出", "發"]


def test_the_language_of_the_recognition_stands_in_for_a_tag() -> None:
    recognition = Recognition("开灯", language="yue")
    assert in_script(recognition, None, "auto").text == "開燈"


def test_a_model_without_words_confidence_says_null() -> None:
    recognition = Recognition("开", (Word("开", 0, 100, None),))
    context = transcript_context(Final(recognition, "zh", EndedBy.LIMIT, answer_seconds=0.0126))
    assert context["words"] == [{"text": "开", "start_ms": 0, "end_ms": 100, "confidence": None}]
    assert context["ended_by"] == "limit" and context["truncated"] is True
    assert context["recognition_ms"] == 13


def test_a_language_is_said_where_there_is_text() -> None:
    assert language_of(Recognition("on", language="en"), "auto") == "en"
    assert language_of(Recognition("on"), "zh") == "zh"
    assert language_of(Recognition(), "zh") is None
