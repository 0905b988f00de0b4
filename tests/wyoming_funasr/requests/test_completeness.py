"""Texts that say whether a pause is the end."""

import pytest

from wyoming_funasr.recognition.home import Completeness
from wyoming_funasr.requests.completeness import judge_by_ending


@pytest.mark.parametrize(
    "text",
    ["Turn on the", "turn on the.", "and", "please,", "Set the bedroom lamp.", "打开客厅的", "把",
     "把卧室的空调。", "请将窗帘", "電気を", "불을"],
)  # fmt: skip
def test_a_text_that_breaks_off_is_unfinished(text: str) -> None:
    assert judge_by_ending(text) is Completeness.UNFINISHED


@pytest.mark.parametrize(
    "text",
    ["Turn the light off.", "Turn it on.", "Set the lamp to 30 percent.",
     "Set a timer for an hour.", "打开灯。", "把卧室的灯关掉。", "把空调调到26度。", "停止",
     "電気をつけて", "불 켜", ""],
)  # fmt: skip
def test_a_whole_command_is_not(text: str) -> None:
    assert judge_by_ending(text) is Completeness.UNKNOWN
