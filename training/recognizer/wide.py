"""Sentences that are not commands: they make every sound and character heard in many neighbours."""

import random
from collections.abc import Iterator

from training.recognizer import lexicon, names, numbers, text
from training.recognizer.grammar import Grammar


class WideText:
    """An endless source of sentences by kind; words take turns, so that none is left out."""

    def __init__(self, language: str, rng: random.Random) -> None:
        words = lexicon.english_words() if language == "en" else lexicon.mandarin_words()
        self._language, self._rng = language, rng
        self._words = lexicon.in_turn(words, rng)
        self._foreign = lexicon.in_turn(lexicon.english_words()[:5000], rng)
        self._grammar = Grammar(self._fill)

    def words(self) -> Iterator[str]:
        """Random words in a row."""
        english = self._language == "en"
        while True:
            count = self._rng.randint(2, 6 if english else 5)
            yield (" " if english else "").join(next(self._words) for _ in range(count))

    def plain(self) -> Iterator[str]:
        """Whole sentences of random words."""
        yield from self._of("plain")

    def numbers(self) -> Iterator[str]:
        yield from self._of("numbers")

    def mixed(self) -> Iterator[str]:
        """Mandarin with English words."""
        yield from self._of("mixed")

    def word(self) -> str:
        return next(self._words)

    def _of(self, kind: str) -> Iterator[str]:
        templates = text.lines(kind, self._language)
        while True:
            yield self._grammar.expand(self._rng.choice(templates), self._rng)

    def _fill(self, slot: str, rng: random.Random) -> str:
        english = self._language == "en"
        if slot == "w":
            return next(self._words)
        if slot == "e":
            return next(self._foreign)
        if slot == "m":
            return rng.choice(names.MIXED)
        if slot == "n":
            return (numbers.english_phrase if english else numbers.mandarin_phrase)(rng)
        if slot == "clock":
            return (numbers.english_clock if english else numbers.mandarin_clock)(rng)
        if slot == "person":
            return rng.choice(names.EN_PEOPLE if english else names.ZH_PEOPLE)
        if slot == "area":
            return (names.english_area if english else names.mandarin_area)(rng)
        return (names.english_thing if english else names.mandarin_thing)(rng)
