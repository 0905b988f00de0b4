"""Which language speech is recognized in where a home names those that are spoken in it."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.sense_voice import LANGUAGE_QUERIES, QUERIES, Query, SenseVoice
from wyoming_funasr.models import MODELS
from wyoming_funasr.recognition.ctc import LogProbs
from wyoming_funasr.recognition.types import Recognition, Segment

DEMO = MODELS["demo"].folder
AUTO = LANGUAGE_QUERIES["auto"]
SHARES = {"ko": 0.5, "zh": 0.3, "en": 0.15, "ja": 0.05}
"""How sure the network is of each language when it is told none."""


class _Network:
    """Takes what it is told for the language; a tag and one word for each."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self._pieces = list(pieces)
        self.asked: list[int] = []

    def log_probs(self, batch: Sequence[Query]) -> Iterator[LogProbs]:
        for query in batch:
            self.asked.append(query.language)
            told = next((n for n, i in LANGUAGE_QUERIES.items() if i == query.language), "auto")
            heard = SHARES if told == "auto" else {told: 1.0}
            shares = np.full((QUERIES + 2, len(self._pieces)), 1e-6)
            for language, share in heard.items():
                shares[0, self._pieces.index(f"<|{language}|>")] = share
            likeliest = max(heard, key=lambda name: heard[name])
            word = "开" if likeliest == "zh" else "▁turn"
            shares[QUERIES, self._pieces.index(word)] = 1
            shares[QUERIES + 1, 0] = 1
            yield np.log(shares).astype(np.float32)


def _heard(language: str, languages: tuple[str, ...]) -> tuple[Recognition, list[int]]:
    assert DEMO is not None
    folder = ModelFolder(DEMO)
    network = _Network(folder.vocabulary)
    segment = Segment(np.zeros((2, 560), np.float32), language, languages=languages)
    return SenseVoice(folder, network).recognize([segment])[0], network.asked


@pytest.mark.parametrize(("languages", "language"), [(("zh", "en"), "zh"), (("en", "ja"), "en")])
def test_it_is_recognized_again_in_the_likeliest_of_the_home(
    languages: tuple[str, ...], language: str
) -> None:
    heard, asked = _heard("auto", languages)
    assert heard.language == language
    assert heard.text.lower() == ("开" if language == "zh" else "turn")
    assert asked == [AUTO, LANGUAGE_QUERIES[language]]


@pytest.mark.parametrize("languages", [(), ("ko", "en")])
def test_what_may_be_spoken_stays(languages: tuple[str, ...]) -> None:
    heard, asked = _heard("auto", languages)
    assert (heard.language, asked) == ("ko", [AUTO])


def test_a_client_may_ask_for_another_language() -> None:
    heard, asked = _heard("ja", ("zh", "en"))
    assert (heard.language, asked) == ("ja", [LANGUAGE_QUERIES["ja"]])
