"""Sentences of a home, sampled from Home Assistant's templates."""

import random

import pytest

from wyoming_funasr.home.description import Home
from wyoming_funasr.home.grammar import TEMPLATE_LANGUAGES, Grammar
from wyoming_funasr.home.writing import ANYTHING, spoken


def _sample(language: str, home: Home, count: int = 3_000) -> list[str]:
    rng, grammar = random.Random(1), Grammar(language, home)
    return [grammar.sample(rng) for _ in range(count)]


@pytest.mark.parametrize("language", TEMPLATE_LANGUAGES)
def test_every_language_has_sentences_in_their_spoken_form(language: str, home: Home) -> None:
    sentences = _sample(language, home, 300)
    assert len(set(sentences)) > 150
    assert all(one == spoken(one, language) for one in sentences)


def test_names_stand_where_their_domain_may(home: Home) -> None:
    sentences = _sample("en", home)
    assert any("unlock the back gate" in one for one in sentences)
    assert any("fairy lights" in one for one in sentences)
    assert not any("unlock the fairy lights" in one for one in sentences)
    assert not any("lock the skylight" in one for one in sentences)


def test_a_language_has_the_names_of_its_script(home: Home) -> None:
    assert not any("reading lamp" in one for one in _sample("zh", home))
    assert not any("阅读灯" in one for one in _sample("en", home))


def test_the_home_has_sentences_of_its_own(home: Home) -> None:
    assert any(one.endswith("jazz radio") for one in _sample("en", home))
    assert any("播放新闻电台" in one for one in _sample("zh", home))


def test_numbers_are_words_or_digits_and_signs_follow_digits(home: Home) -> None:
    sentences = _sample("en", home, 6_000)
    assert any("twenty" in one for one in sentences)
    assert any("%" in one for one in sentences)
    signed = [one for one in sentences if "%" in one]
    assert all(any(map(str.isdigit, one)) for one in signed)


def test_without_a_home_any_words_may_be_a_name() -> None:
    sentences = _sample("en", Home())
    assert any(f"turn on {ANYTHING}" in one for one in sentences)


def test_the_same_seed_says_the_same(home: Home) -> None:
    assert _sample("zh", home, 50) == _sample("zh", home, 50)
