"""An order of sentences in which rare words come early, so that a short corpus has them all."""

from collections import Counter
from collections.abc import Iterable, Iterator

from training.recognizer.commands import Sentence

_PAUSES = 4
"""What the silence around a sentence costs, in words."""


def rare_first(sentences: Iterable[Sentence], spoken: Iterable[Sentence] = ()) -> list[Sentence]:
    """Greedy: next comes the sentence with most rare units for its length.

    `spoken` are sentences that are there already.
    """
    counts = Counter(unit for one in spoken for unit in _units(one))
    left = {one: list(_units(one)) for one in sentences}
    ordered: list[Sentence] = []
    while left:
        best = max(left, key=lambda one: _worth(left[one], counts))
        counts.update(left.pop(best))
        ordered.append(best)
    return ordered


def _units(sentence: Sentence) -> Iterator[str]:
    """English words; Mandarin characters and pairs of them."""
    if sentence.language == "en":
        yield from sentence.words.lower().split()
        return
    yield from sentence.words
    yield from map("".join, zip(sentence.words, sentence.words[1:], strict=False))


def _worth(units: list[str], counts: Counter[str]) -> float:
    return sum(1 / (1 + counts[unit]) for unit in set(units)) / (_PAUSES + len(units))
