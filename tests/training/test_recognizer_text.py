"""The text that trains the demo recognizer: its grammar, its numbers, its plan."""

import random
import re

import pytest

from training.recognizer import text, voices
from training.recognizer.grammar import Grammar
from training.recognizer.numbers import english_clock, english_large, mandarin_large


def _expand(template: str, seed: int = 0, rules: dict[str, str] | None = None) -> str:
    grammar = Grammar(lambda slot, _: slot.upper(), rules or {})
    return grammar.expand(template, random.Random(seed))


def test_a_template_without_brackets_stays() -> None:
    assert _expand("turn  it on") == "turn it on"


def test_every_choice_is_met() -> None:
    found = {_expand("(a|b|) [c] {x:y}", seed) for seed in range(60)}
    assert found == {"a X", "b X", "X", "a c X", "b c X", "c X"}


def test_any_order_and_rules_within_rules() -> None:
    found = {_expand("(<one>;b)", seed, {"one": "(x|<two>)", "two": "y"}) for seed in range(60)}
    assert found == {"x b", "b x", "y b", "b y"}


def test_alternatives_need_no_brackets_at_the_top() -> None:
    assert {_expand("a|b", seed) for seed in range(20)} == {"a", "b"}


def test_an_open_bracket_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"\( is not closed"):
        _expand("turn (on")


@pytest.mark.parametrize(
    ("number", "words"),
    [(100, "one hundred"), (305, "three hundred five"), (41_200, "forty one thousand two hundred")],
)
def test_large_english_numbers(number: int, words: str) -> None:
    assert english_large(number) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (100, "一百"),
        (105, "一百零五"),
        (110, "一百一十"),
        (3020, "三千零二十"),
        (10_001, "一万零一"),
    ],
)
def test_large_mandarin_numbers(number: int, words: str) -> None:
    assert mandarin_large(number) == words


def test_times_of_the_day_are_words() -> None:
    for seed in range(50):
        assert re.fullmatch("[a-z' ]+", english_clock(random.Random(seed)))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_development_sentences_differ_and_are_spoken_words(language: str) -> None:
    found = text.lines("development", language)
    assert len(set(found)) == len(found) >= 40
    assert not any(re.search(r"[0-9.,?!，。？]", words) for words in found)


def test_no_voice_that_judges_trains() -> None:
    for language in ("en", "zh"):
        assert not set(voices.HELD_OUT[language]) & set(voices.TRAINING[language])


def test_the_plan_is_balanced_repeats_and_keeps_judging_sentences_apart() -> None:
    for package in ("wordninja", "misaki", "jieba", "home_assistant_intents"):
        pytest.importorskip(package)
    from training.recognizer.plan import readings

    plan = readings()
    assert plan == readings()
    assert len({one.name for one in plan}) == len(plan) > 14_000
    train = [one for one in plan if one.set == "train"]
    judging = {one.words.lower() for one in plan if one.set != "train"}
    assert not judging & {one.words.lower() for one in train}
    held_out = {voice for names in voices.HELD_OUT.values() for voice in names}
    assert not held_out & {voice for one in plan if one.set != "test" for voice, _ in one.voices}
    assert not any(re.search(r"[0-9%°]", one.words) for one in plan)
    home = {"everyday", "intents", "usual"}
    for part in (train, train[:1000]):
        share = sum(one.kind in home for one in part) / len(part)
        assert 0.45 < share < 0.55
        assert 0.35 < sum(one.language == "zh" for one in part) / len(part) < 0.5
