"""Counting n-grams: the contexts of a text, and how often what follows each.

All of it happens in arrays. As a dictionary for each context it would be a million objects, and
Python's garbage collection would hold the event loop while it looks at them.
"""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BEGIN, END = 0, 1
"""The classes around a sentence."""

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Ngrams:
    """A tree of contexts, numbered from short to long; the empty one is number 0.

    What follows context `c` is in the places `first[c]` to `first[c + 1]` of `tokens`, `counts` and
    `next`, in ascending order of its class.
    """

    tokens: Numbers
    """Classes."""
    counts: Numbers
    next: Numbers
    """The longest context that is known behind a class."""
    first: Numbers
    shorter: Numbers
    """The context without its first class."""
    by_class: dict[int, int]
    """The contexts of a single class."""


def count(sentences: Iterable[Sequence[int]], order: int) -> Ngrams:
    """Count n-grams of 1 to `order` classes within sentences."""
    stream, since = _stream(sentences)
    contexts = _numbered(stream, since, order)
    levels = [_followers(stream, since, contexts, size) for size in range(order)]
    tokens, counts, following, fan_out = (
        np.concatenate(parts) for parts in zip(*levels, strict=True)
    )
    shorter = np.zeros(len(fan_out), np.int64)
    for size in range(1, order):
        known = contexts[size] >= 0
        shorter[contexts[size][known]] = contexts[size - 1][known]
    single = contexts[1] >= 0
    by_class = dict(zip(stream[single].tolist(), contexts[1][single].tolist(), strict=True))
    return Ngrams(
        tokens, counts, following, np.concatenate(([0], np.cumsum(fan_out))), shorter, by_class
    )


def _stream(sentences: Iterable[Sequence[int]]) -> tuple[Numbers, Numbers]:
    """All sentences in a row, and for each place how far it is into its sentence."""
    flat = array("i")
    for sentence in sentences:
        flat.extend((BEGIN, *sentence, END))
    stream = np.frombuffer(flat or array("i", (BEGIN, END)), np.int32).astype(np.int64)
    begins = np.flatnonzero(stream == BEGIN)
    lengths = np.diff(np.append(begins, len(stream)))
    return stream, np.arange(len(stream)) - np.repeat(begins, lengths)


def _numbered(stream: Numbers, since: Numbers, order: int) -> list[Numbers]:
    """For each size, the number of the context that ends at a place; -1 where there is none."""
    contexts = [np.zeros(len(stream), np.int64)]
    base = 1
    for size in range(1, order):
        # behind the end nothing follows
        places = np.flatnonzero((since >= size - 1) & (stream != END))
        before = contexts[-1][places - 1] if size > 1 else 0
        found, which = np.unique(_pairs(before, stream[places]), return_inverse=True)
        numbers = np.full(len(stream), -1, np.int64)
        numbers[places] = base + which
        contexts.append(numbers)
        base += len(found)
    return contexts


def _followers(
    stream: Numbers, since: Numbers, contexts: list[Numbers], size: int
) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """What follows the contexts of a size, as in `Ngrams`; and how many classes follow each."""
    places = np.flatnonzero(since >= max(1, size))
    pairs = _pairs(contexts[size][places - 1], stream[places])
    _, where, counts = np.unique(pairs, return_index=True, return_counts=True)
    places = places[where]
    behind = np.zeros(len(places), np.int64)
    for longer in contexts[1 : size + 2]:
        behind = np.where(longer[places] >= 0, longer[places], behind)
    before = contexts[size][places - 1]
    fan_out = np.bincount(before - before.min())
    return stream[places], counts, behind, fan_out


def _pairs(context: Numbers | int, following: Numbers) -> Numbers:
    return context * (1 << 32) + following
