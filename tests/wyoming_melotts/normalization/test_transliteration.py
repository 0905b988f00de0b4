"""Words are written as e2k writes them one by one."""

import random
from string import ascii_lowercase

import pytest

e2k = pytest.importorskip("e2k")

from wyoming_melotts.normalization.transliteration import Transliterator  # noqa: E402

WORDS = "assistant", "zigbee", "thermostat", "x", "", "naïve", "a" * 100, "don't", "mqtt"


def test_words_are_written_as_one_by_one() -> None:
    chance = random.Random(1)
    made_up = {
        "".join(chance.choices(ascii_lowercase, k=chance.randint(1, 12))) for _ in range(100)
    }
    one_by_one = e2k.C2K()
    expected = {word: one_by_one(word) for word in {*WORDS, *made_up}}
    assert Transliterator().katakana([*WORDS, *made_up]) == expected
