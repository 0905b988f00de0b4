"""What this home is likely to hear next: an n-gram of tokens from sampled sentences.

Interpolated absolute discounting (Ney, Essen and Kneser, 1994) over the classes of a vocabulary,
mixed with text of any kind, so that it leans towards the home and never shuts anything out. A
class of its own, `ANY_CLASS`, stands where sentences have room for any words.
"""

import math
import random
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from enum import Enum, auto

import numpy as np

from wyoming_funasr.home.grammar import Grammar
from wyoming_funasr.home.ngrams import BEGIN, END, Ngrams, Numbers, count
from wyoming_funasr.home.vocabulary import SILENT, Vocabulary, words_of
from wyoming_funasr.home.writing import ANYTHING

_DISCOUNT = 0.6
_ORDER = 6
"""Tokens of an n-gram: a Chinese name with its verb takes that many characters."""

ANY_CLASS, FIRST = 2, 3
"""Special classes beside `BEGIN` and `END`: any words, and the vocabulary's first one."""

SAMPLES = 20_000
"""Sentences of a grammar. A home of many names needs more: `samples_for`."""

GENERAL_SHARE = 0.1
"""Of the mixture at each token: what is left to text of any kind."""

_GENERAL_END = 0.15
"""Probability that text of any kind ends here."""

_LIKELY_ANYTHING = 0.05
"""Probability of any words above which whatever is said there is the home's."""

_UNKNOWN_SHARE = 1e-4
"""Probability of a word that no sentence has, where any words may be."""

_MOST_REMEMBERED = 20_000
"""Transitions kept for speed; then all are forgotten."""


class Fit(Enum):
    """How a token goes on with a sentence of the home."""

    SAID = auto()
    """The sentence has it here."""
    ANYTHING = auto()
    """The sentence has room for any words here."""
    NONE = auto()


class LanguageModel:
    """The n-gram as a tree of contexts in flat arrays: a few MB, a microsecond a token.

    A state is the number of a context. `extend` takes a token and answers the next state and the
    natural logarithm of the token's probability.
    """

    def __init__(self, ngrams: Ngrams, classes: Sequence[int], background: Sequence[float]) -> None:
        """`ngrams` of classes that are shifted by `FIRST`.

        `classes`: the class of each token, `SILENT` for those that say nothing. `background`: how
        probable each class is in text of any kind.
        """
        self._classes = [one + FIRST if one != SILENT else -1 for one in classes]
        self._background = [0.0] * FIRST + list(background)
        self._fill(ngrams)
        self._known: dict[tuple[int, int], tuple[int, float]] = {}
        self._general: dict[int, float] = {}

    @property
    def bytes(self) -> int:
        """Memory of the arrays."""
        arrays = (self._tokens, self._shares, self._next, self._first, self._rest, self._shorter)
        return sum(one.itemsize * len(one) for one in arrays)

    def start(self) -> int:
        """The state before the first token."""
        return self._start

    def extend(self, state: int, token: int) -> tuple[int, float]:
        """The state behind a token of the recognizer, and the token's log probability."""
        one = self._classes[token]
        if one < 0:
            return state, 0.0
        known = self._known.get((state, one))
        if known is None:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
                self._general.clear()
            known = self._known[state, one] = self._step(state, one)
        return known

    def end(self, state: int) -> float:
        """The log probability that the sentence ends here."""
        at_home = self._step_share(state, END)[1]
        return math.log((1 - GENERAL_SHARE) * at_home + GENERAL_SHARE * _GENERAL_END)

    def branches(self, state: int, token: int | None) -> Iterator[tuple[int, float, Fit]]:
        """Ways in which the home's sentences go on with a token: state, probability, fit.

        None is a word that no sentence has. A token may be the sentence's own, and it may be one
        of any words that the sentence has room for.
        """
        one = ANY_CLASS if token is None else self._classes[token]
        if one < 0:
            yield state, 1.0, Fit.SAID
            return
        background = _UNKNOWN_SHARE if token is None else self._background[one]
        if token is not None:
            following, share = self._step_share(state, one)
            yield following, max(share, 1e-9), Fit.SAID if share > 2 * background else Fit.NONE
        behind, anything = self._step_share(state, ANY_CLASS)
        fit = Fit.ANYTHING if anything > _LIKELY_ANYTHING else Fit.NONE
        yield behind, max(anything * background, 1e-12), fit

    def _step(self, state: int, one: int) -> tuple[int, float]:
        following, share = self._step_share(state, one)
        general = self._general.get(state)
        if general is None:
            anything = self._step_share(state, ANY_CLASS)[1]
            general = self._general[state] = GENERAL_SHARE + (1 - GENERAL_SHARE) * anything
        return following, math.log(
            (1 - GENERAL_SHARE) * share + general * max(self._background[one], 1e-9)
        )

    def _step_share(self, state: int, one: int) -> tuple[int, float]:
        """The next state, and the home's share of probability for a class."""
        share, rest = 0.0, 1.0
        following = -1
        while True:
            low, high = self._first[state], self._first[state + 1]
            place = bisect_left(self._tokens, one, low, high)
            if place < high and self._tokens[place] == one:
                share += rest * self._shares[place]
                if following < 0:
                    following = self._next[place]
            if state == 0:
                break
            rest *= self._rest[state]
            state = self._shorter[state]
        return (following if following >= 0 else self._unknown), share

    def _fill(self, ngrams: Ngrams) -> None:
        """Lay the counts out as shares of probability."""
        fan_out = np.diff(ngrams.first)
        totals = np.add.reduceat(ngrams.counts, ngrams.first[:-1])
        shares = (ngrams.counts - _DISCOUNT) / np.repeat(totals, fan_out)
        # arrays of Python's own are searched several times faster than numpy's
        self._tokens, self._next = _integers(ngrams.tokens), _integers(ngrams.next)
        self._first, self._shorter = _integers(ngrams.first), _integers(ngrams.shorter)
        self._shares = array("f", shares.astype(np.float32).tobytes())
        self._rest = array("f", (_DISCOUNT * fan_out / totals).astype(np.float32).tobytes())
        self._start = ngrams.by_class[BEGIN]
        self._unknown = ngrams.by_class.get(ANY_CLASS, 0)


def _integers(numbers: Numbers) -> "array[int]":
    return array("i", numbers.astype(np.int32).tobytes())


def samples_for(names: int) -> int:
    """How many sentences a home with so many names needs: each name several times, in bounds."""
    return min(max(SAMPLES, 8 * names), 3 * SAMPLES)


def build(
    vocabulary: Vocabulary, grammars: Sequence[Grammar], samples: int = SAMPLES, seed: int = 0
) -> LanguageModel:
    """Sample the grammars, `samples` sentences of each, and count; repeatable."""
    rng = random.Random(seed)
    speller = _Speller(vocabulary, rng)
    spelled = (speller.spell(grammar.sample(rng)) for grammar in grammars for _ in range(samples))
    ngrams = count(spelled, _ORDER)
    return LanguageModel(ngrams, vocabulary.classes, vocabulary.background())


class _Speller:
    """Spells sentences in classes, now and then in an unusual way."""

    def __init__(self, vocabulary: Vocabulary, rng: random.Random) -> None:
        self._vocabulary = vocabulary
        self._rng = rng

    def spell(self, sentence: str) -> list[int]:
        spelled: list[int] = []
        for word in words_of(sentence):
            if word == ANYTHING:
                spelled.append(ANY_CLASS)
                continue
            ways = self._vocabulary.spellings(word)
            way = ways[0]
            if len(ways) > 1 and self._rng.random() < 0.3:
                way = self._rng.choice(ways)
            spelled += [ANY_CLASS if one is None else one + FIRST for one in way]
        return spelled
