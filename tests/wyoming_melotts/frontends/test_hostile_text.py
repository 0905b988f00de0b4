"""No sentence takes long to read, whatever is in it.

A text of any length is sentences of at most `LONGEST_SENTENCE` characters, so it is enough that
each of those is bounded.
"""

import time

import pytest

from wyoming_melotts.delivery.sentences import LONGEST_SENTENCE
from wyoming_melotts.frontends import frontend_for
from wyoming_melotts.frontends.plain_tokenizer import PlainTokenizer
from wyoming_melotts.normalization import spoken_form

# pykakasi's older interface, the one that reads as upstream does.
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated method:DeprecationWarning")

MOST_SECONDS = 5.0
"""Of the thread's own time; the worst takes a tenth of it."""

LANGUAGES = {"ZH": "zh", "EN": "en", "JP": "ja", "KR": "ko", "ES": "es", "FR": "fr"}
UNITS = ["1+", "1:", "0x1f", "1.", "a.", "a_", "1/2 ", "1 km", "½", "http://a/", "-", "x=1&"]


@pytest.mark.parametrize("key", LANGUAGES)
@pytest.mark.parametrize("unit", UNITS)
def test_the_longest_sentence_is_read_in_bounded_time(unit: str, key: str) -> None:
    frontend = frontend_for(key, PlainTokenizer())
    text = (unit * LONGEST_SENTENCE)[:LONGEST_SENTENCE]
    frontend.phonemize(frontend.normalize("1"))  # loads dictionaries
    spoken_form("1 a", LANGUAGES[key])
    started = time.thread_time()
    spoken = spoken_form(text, LANGUAGES[key])
    for piece in frontend.split(spoken) if any(map(str.isalnum, spoken)) else []:
        frontend.phonemize(frontend.normalize(frontend.separate_camel_case(piece)))
    assert time.thread_time() - started < MOST_SECONDS
