"""Texts that grow and are never taken back."""

import pytest

from wyoming_funasr.requests.stable_text import Hypothesis, StableText, split_words, unsent


@pytest.mark.parametrize(
    "text",
    ["", "Turn on the light.", "打开客厅的灯。", "打开 WiFi 吗？", "it's 21.5 °C", "불 켜 줘."],
)
def test_words_joined_are_the_text(text: str) -> None:
    assert "".join(split_words(text)) == text


def test_words_are_latin_words_and_single_chinese_characters() -> None:
    assert split_words("打开 the lamp。") == ["打", "开", " the", " lamp", "。"]


def test_a_word_is_sent_when_two_hypotheses_agree() -> None:
    text = StableText()
    assert text.offer(Hypothesis("Turn of")) == ""
    assert text.offer(Hypothesis("Turn on the")) == "Turn"
    assert text.offer(Hypothesis("Turn on the living")) == " on"
    assert text.offer(Hypothesis("Turn on the living room light")) == " the living"
    assert (text.stable, text.rest) == ("Turn on the living", " room light")
    assert unsent(text.stable, "Turn on the living room light.") == " room light."


def test_what_a_model_never_takes_back_is_sent_at_once() -> None:
    text = StableText()
    assert text.offer(Hypothesis("打开", is_settled=True)) == "打开"
    assert text.offer(Hypothesis("打", is_settled=True)) == ""
    assert text.offer(Hypothesis("打开客厅", is_settled=True)) == "客厅"
    assert unsent(text.stable, "打开，客厅的灯。") == "的灯。"


@pytest.mark.parametrize(
    ("final", "whole"),
    [
        ("Turn off the light.", "Turn on the light."),
        ("turn on the light.", "Turn on the light."),
        ("The turn on the light.", "Turn on the light."),
        ("", "Turn on the"),
    ],
)
def test_what_was_sent_stays_where_the_final_text_differs(final: str, whole: str) -> None:
    text = StableText()
    text.offer(Hypothesis("Turn on the light now"))
    assert text.offer(Hypothesis("Turn on the light now")) == "Turn on the"
    assert text.stable + unsent(text.stable, final) == whole
