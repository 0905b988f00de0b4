"""What this home is likely to hear next: an n-gram of tokens from sampled sentences.

Interpolated absolute discounting (Ney, Essen and Kneser, 1994) over the classes of a vocabulary,
mixed with text of any kind, so that it leans towards the home and never shuts anything out. A
class of its own, `_ANYTHING`, stands where sentences have room for any words.
"""

import math
import random
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from wyoming_funasr.home.grammar import Grammar
from wyoming_funasr.home.vocabulary import SILENT, Vocabulary, words_of
from wyoming_funasr.home.writing import ANYTHING

_ORDER = 6
"""Tokens of an n-gram: a Chinese name with its verb takes that many characters."""

_DISCOUNT = 0.6
_BEGIN, _END, _ANYTHING, _FIRST = 0, 1, 2, 3
"""Places of the special classes; the vocabulary's own begin at `_FIRST`."""

SAMPLES = 20_000
"""Sentences of a grammar. A home of many names needs more: `samples_for`."""

GENERAL_SHARE = 0.1
"""Of the mixture at each token: what is left to text of any kind."""

_GENERAL_END = 0.15
"""Probability that text of any kind ends here."""

_MOST_REMEMBERED = 20_000
"""Transitions kept for speed; then all are forgotten."""

_Numbers = npt.NDArray[np.int64]
_Counts = dict[tuple[int, ...], dict[int, int]]


class LanguageModel:
    """The n-gram as a tree of contexts in flat arrays: a few MB, a microsecond a token.

    A state is the number of a context. `extend` takes a token and answers the next state and the
    natural logarithm of the token's probability.
    """

    def __init__(self, sentences: Iterable[Sequence[int]], vocabulary: Vocabulary) -> None:
        """`sentences`: each as classes of the vocabulary, shifted by `_FIRST`."""
        background = vocabulary.background()
        self._classes = [one + _FIRST if one != SILENT else -1 for one in vocabulary.classes]
        self._background = [0.0] * _FIRST + background
        self._fill(_counted(sentences))
        self._known: dict[tuple[int, int], tuple[int, float]] = {}
        self._start = self._following((), _BEGIN)

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
            known = self._known[state, one] = self._step(state, one)
        return known

    def end(self, state: int) -> float:
        """The log probability that the sentence ends here."""
        at_home = self._step_share(state, _END)[1]
        return math.log((1 - GENERAL_SHARE) * at_home + GENERAL_SHARE * _GENERAL_END)

    def explains(self, state: int, token: int) -> bool:
        """Whether the home's sentences, rather than text of any kind, go on with a token here."""
        one = self._classes[token]
        if one < 0:
            return True
        anything = self._step_share(state, _ANYTHING)[1]
        return anything > 0.05 or self._step_share(state, one)[1] > 2 * self._background[one]

    def _step(self, state: int, one: int) -> tuple[int, float]:
        following, share = self._step_share(state, one)
        anything = self._step_share(state, _ANYTHING)[1]
        general = GENERAL_SHARE + (1 - GENERAL_SHARE) * anything
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

    def _following(self, context: tuple[int, ...], one: int) -> int:
        return self._contexts.get((*context, one)[-(_ORDER - 1) :], 0)

    def _fill(self, counts: list[_Counts]) -> None:
        """Lay the counts out in arrays, contexts from short to long."""
        contexts = [context for level in counts for context in level]
        self._contexts = {context: place for place, context in enumerate(contexts)}
        self._tokens, self._next = array("i"), array("i")
        self._shares, self._rest = array("f"), array("f")
        self._first, self._shorter = array("i"), array("i")
        for context in contexts:
            followers = counts[len(context)][context]
            total = sum(followers.values())
            self._first.append(len(self._tokens))
            self._shorter.append(self._contexts[context[1:]] if context else 0)
            self._rest.append(_DISCOUNT * len(followers) / total)
            for one in sorted(followers):
                self._tokens.append(one)
                self._shares.append((followers[one] - _DISCOUNT) / total)
                self._next.append(self._behind(context, one))
        self._first.append(len(self._tokens))
        self._unknown = self._contexts.get((_ANYTHING,), 0)
        self._contexts = {(_BEGIN,): self._contexts.get((_BEGIN,), 0)}

    def _behind(self, context: tuple[int, ...], one: int) -> int:
        longer = (*context, one)[-(_ORDER - 1) :]
        while longer not in self._contexts:
            longer = longer[1:]
        return self._contexts[longer]


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
    return LanguageModel(spelled, vocabulary)


class _Speller:
    """Spells sentences in classes, now and then in an unusual way."""

    def __init__(self, vocabulary: Vocabulary, rng: random.Random) -> None:
        self._vocabulary = vocabulary
        self._rng = rng

    def spell(self, sentence: str) -> list[int]:
        spelled: list[int] = []
        for word in words_of(sentence):
            if word == ANYTHING:
                spelled.append(_ANYTHING)
                continue
            ways = self._vocabulary.spellings(word)
            way = ways[0]
            if len(ways) > 1 and self._rng.random() < 0.3:
                way = self._rng.choice(ways)
            spelled += [_ANYTHING if one is None else one + _FIRST for one in way]
        return spelled


def _counted(sentences: Iterable[Sequence[int]]) -> list[_Counts]:
    """For each length of context (0 to `_ORDER` - 1): contexts, and how often what follows."""
    flat = array("i")
    for sentence in sentences:
        flat.extend((_BEGIN, *sentence, _END))
    stream = np.frombuffer(flat, np.int32).astype(np.int64)
    begins = np.flatnonzero(stream == _BEGIN)
    since = np.arange(len(stream)) - np.repeat(begins, np.diff(np.append(begins, len(stream))))
    counts: list[_Counts] = []
    grams = np.zeros(len(stream), np.int64)
    for size in range(1, _ORDER + 1):
        # an n-gram is the number of the one before it, which is shorter, and the last class
        before = np.concatenate(([0], grams[:-1])) if size > 1 else grams
        grams = np.unique(before * (1 << 32) + stream, return_inverse=True)[1]
        counts.append(_level(stream, grams, since, size))
    counts[0] = counts[0] or {(): {_END: 1}}
    return counts


def _level(stream: _Numbers, grams: _Numbers, since: _Numbers, size: int) -> _Counts:
    """What follows each context of `size` - 1 classes, within sentences."""
    last = np.flatnonzero(since >= max(1, size - 1))
    _, where, often = np.unique(grams[last], return_index=True, return_counts=True)
    places = last[where]
    columns = [stream[places - back].tolist() for back in range(size - 1, -1, -1)]
    found: _Counts = {}
    for *context, one, count in zip(*columns, often.tolist(), strict=True):
        found.setdefault(tuple(context), {})[one] = count
    return found
