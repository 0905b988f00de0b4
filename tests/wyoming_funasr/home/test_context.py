"""The home as one utterance uses it: its language, and that it is never in the way."""

import logging

import numpy as np
import pytest

from wyoming_funasr.home.context import UtteranceHome, template_language
from wyoming_funasr.home.description import Home
from wyoming_funasr.home.knowledge import Knowledge
from wyoming_funasr.recognition.beam import Lean
from wyoming_funasr.recognition.ctc import LogProbs
from wyoming_funasr.recognition.home import Completeness


class Broken(Knowledge):
    """Fails in all that it is asked."""

    def choose(self, log_probs: LogProbs, language: str, also: Lean | None = None) -> None:
        raise ZeroDivisionError

    def judge(self, text: str, language: str) -> Completeness:
        raise ZeroDivisionError

    def as_written(self, text: str) -> str:
        raise ZeroDivisionError


def test_where_it_fails_the_utterance_goes_on_without_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    home = UtteranceHome({"en": Broken(Home(), [], None)})
    with caplog.at_level(logging.ERROR):
        assert home.choose(np.zeros((3, 5), np.float32), "en") is None
        assert home.judge("turn on the lamp", "en") is Completeness.UNKNOWN
        assert home.as_written("turn on the lamp") == "turn on the lamp"
    assert caplog.messages == ["what is known of the home does not help here"] * 3


def test_a_language_in_which_nothing_is_known_is_wanted() -> None:
    wanted: list[str] = []
    home = UtteranceHome({}, want=wanted.append)
    assert home.choose(np.zeros((3, 5), np.float32), "ko") is None
    assert home.judge("Bonjour", "fr") is Completeness.UNKNOWN  # there are no sentences of it
    assert wanted == ["ko"]


@pytest.mark.parametrize(
    ("tag", "heard", "expected"),
    [
        (None, "zh", "zh"),
        ("auto", "ja", "ja"),
        ("auto", None, None),
        ("en-GB", "zh", "en"),
        ("zh-Hans-CN", "en", "zh"),
        ("zh_TW", None, "zh-TW"),
        ("zh-Hant", None, "zh-TW"),
        ("zh-HK", None, "zh-HK"),
        ("yue", None, "yue"),
        ("fr", "en", None),
    ],
)
def test_the_client_s_language_comes_first(
    tag: str | None, heard: str | None, expected: str | None
) -> None:
    assert template_language(tag, heard) == expected
