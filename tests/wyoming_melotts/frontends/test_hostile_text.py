"""No sentence takes long to read, whatever is in it.

A text of any length is sentences of at most `LONGEST_SENTENCE` characters, so it is enough that
each of those is bounded.
"""

import time
from collections.abc import Sequence
from random import Random
from string import ascii_lowercase

import pytest

from wyoming_melotts.delivery.sentences import LONGEST_SENTENCE, cut_sentences
from wyoming_melotts.frontends import frontend_for
from wyoming_melotts.frontends.plain_tokenizer import PlainTokenizer
from wyoming_melotts.normalization import spoken_form
from wyoming_melotts.settings import MelottsSettings

# pykakasi's older interface, the one that reads as upstream does.
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated method:DeprecationWarning")

MOST_SECONDS = 2.0
"""For one sentence, of the thread's own time."""

MOST_SECONDS_OF_TEXT = 4.0
"""For a text of the default `max_text_length`, of the thread's own time."""

LANGUAGES = {"ZH": "zh", "EN": "en", "JP": "ja", "KR": "ko", "ES": "es", "FR": "fr"}
UNITS = ["1+", "1:", "0x1f", "1.", "a.", "a_", "1/2 ", "1 km", "½", "http://a/", "-", "x=1&"]


WORST = [("ZH", "1+"), ("ZH", "不"), ("EN", "½"), ("EN", "1~"), ("ES", "1"), ("FR", "1+")]
"""The slowest of three dozen units that were repeated over a whole text."""


@pytest.mark.parametrize("key", LANGUAGES)
@pytest.mark.parametrize("unit", UNITS)
def test_the_longest_sentence_is_read_in_bounded_time(unit: str, key: str) -> None:
    assert _seconds_to_read(key, _repeated(unit, LONGEST_SENTENCE)) < MOST_SECONDS


@pytest.mark.parametrize(("key", "unit"), WORST)
def test_the_longest_text_is_read_in_bounded_time(unit: str, key: str) -> None:
    longest: int = MelottsSettings.model_fields["max_text_length"].default
    assert _seconds_to_read(key, _repeated(unit, longest)) < MOST_SECONDS_OF_TEXT


HANGUL = [chr(code) for code in range(0xAC00, 0xD7A4)]


@pytest.mark.parametrize(
    ("key", "letters"), [("JP", ascii_lowercase), ("KR", ascii_lowercase), ("KR", HANGUL)]
)
def test_words_that_never_come_again_are_read_in_bounded_time(
    key: str, letters: Sequence[str]
) -> None:
    """No answer that is kept helps."""
    longest: int = MelottsSettings.model_fields["max_text_length"].default
    chance = Random(1)
    words = ("".join(chance.choices(letters, k=chance.randint(3, 9))) for _ in range(longest))
    assert _seconds_to_read(key, " ".join(words)[:longest]) < MOST_SECONDS_OF_TEXT


def _repeated(unit: str, length: int) -> str:
    return (unit * length)[:length]


def _seconds_to_read(key: str, text: str) -> float:
    """The thread's time for all sentences of a text."""
    frontend = frontend_for(key, PlainTokenizer())
    frontend.phonemize(frontend.normalize("1"))  # loads dictionaries
    spoken_form("1 a", LANGUAGES[key])
    started = time.thread_time()
    for sentence in cut_sentences(text):
        spoken = spoken_form(sentence, LANGUAGES[key])
        for piece in frontend.split(spoken) if any(map(str.isalnum, spoken)) else []:
            frontend.phonemize(frontend.normalize(frontend.separate_camel_case(piece)))
    return time.thread_time() - started
