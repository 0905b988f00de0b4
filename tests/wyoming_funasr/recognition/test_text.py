"""Text as it leaves the service."""

import pytest

from wyoming_funasr.recognition.text import clean, join


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("<|en|><|HAPPY|><|Speech|><|withitn|>Turn on the light.", "Turn on the light."),
        ("<|zh|><|NEUTRAL|>打开 客厅 的 灯 。", "打开客厅的灯。"),
        ("打开 TV 和 LED 灯", "打开 TV 和 LED 灯"),
        ("  a   b ", "a b"),
        ("a < b | c > d", "a < b | c > d"),
        ("", ""),
    ],
)
def test_tags_and_spare_spaces_go(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned


def test_texts_of_an_utterance_are_joined_as_their_script_asks() -> None:
    assert join(["Turn on", "", "the light."]) == "Turn on the light."
    assert join(["打开", "客厅的灯。"]) == "打开客厅的灯。"
