"""Sentences of homes and how they are said, one table a language, and what holds for any text."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_melotts.normalization import LANGUAGES, spoken_form

TABLES = sorted(Path(__file__).parent.glob("*.tsv"))


def sentences() -> list[tuple[str, str, str]]:
    return [
        (table.stem, written, spoken)
        for table in TABLES
        for line in table.read_text(encoding="utf-8").splitlines()
        for written, spoken in [line.split("\t")]
    ]


@pytest.mark.parametrize(("language", "written", "spoken"), sentences())
def test_is_said_as_people_say_it(language: str, written: str, spoken: str) -> None:
    assert spoken_form(written, language) == spoken


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_stay_as_they_are(language: str) -> None:
    spoken = [spoken for table, _, spoken in sentences() if table == language]
    assert [spoken_form(words, language) for words in spoken] == spoken


WRITTEN_CHARACTERS = "0123456789.,:/-+~–%°CF$€¥#@_&*()[]<> \nabhmsWkGHz点月日号시ºµ²½'\"T"


@pytest.mark.parametrize("language", LANGUAGES)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(text=st.text() | st.text(alphabet=WRITTEN_CHARACTERS))
def test_any_text_becomes_words(language: str, text: str) -> None:
    spoken = spoken_form(text, language)
    assert not re.search(r"[\d%°$€¥#@_&*<>=+/\\|~^{}\[\]()]", spoken)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", ["", " ", "\n", "...", "😀", "#", "_", "​﻿"])
def test_nothing_to_say_is_no_error(language: str, text: str) -> None:
    assert not any(character.isalnum() for character in spoken_form(text, language))


def test_unknown_language_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'de'.*zh, en, ja, ko, es, fr"):
        spoken_form("Hallo", "de")
