"""A growing text of which nothing is taken back."""

import re
from dataclasses import dataclass

_WORDS = re.compile(r"\s*(?:[^\W\u2e80-\u9fff]+(?:['’][^\W\u2e80-\u9fff]+)*|\w|[^\w\s]+)")
"""A word with the space before it: letters and digits together, each Chinese character alone."""

_UNSURE_WORDS = 2
"""Words at the end of a hypothesis that the next sounds may still change."""


@dataclass(frozen=True)
class Hypothesis:
    """The text of the speech so far; `is_settled` where more speech can only add to it."""

    text: str
    is_settled: bool = False
    confidence: float = 0.0


class StableText:
    """What of a growing text was sent.

    A word is sent when two hypotheses in a row agree on it and on all before it, and it is not
    among the last ones (local agreement: Liu et al., 2020, arXiv:2005.11185); or at once, when the
    model itself takes nothing back.
    """

    def __init__(self) -> None:
        self._sent: list[str] = []
        self._before: list[str] = []

    def offer(self, hypothesis: Hypothesis) -> str:
        """Take the newest hypothesis of the whole text; returns what to send now."""
        words = split_words(hypothesis.text)
        agreed = _common(self._before, words)
        self._before = words
        sure = (
            len(words) if hypothesis.is_settled else max(0, min(agreed, len(words) - _UNSURE_WORDS))
        )
        stable = words[:sure]
        if stable[: len(self._sent)] != self._sent:
            return ""
        new = stable[len(self._sent) :]
        self._sent += new
        return "".join(new)

    @property
    def stable(self) -> str:
        """All that was sent."""
        return "".join(self._sent)

    @property
    def rest(self) -> str:
        """What the newest hypothesis has behind that."""
        return "".join(self._before[_continuation(self._sent, self._before) :])


def unsent(sent: str, final: str) -> str:
    """What of the final text is still to be sent.

    Where the final text begins otherwise than what was sent, it goes on from the place in it that
    is most like what was sent.
    """
    words = split_words(final)
    return "".join(words[_continuation(split_words(sent), words) :])


def split_words(text: str) -> list[str]:
    """The words of a text, in pieces that make it again when joined."""
    return _WORDS.findall(text)


def _common(one: list[str], other: list[str]) -> int:
    count = 0
    while count < min(len(one), len(other)) and one[count] == other[count]:
        count += 1
    return count


def _continuation(sent: list[str], words: list[str]) -> int:
    """How many `words` stand for those `sent`: the prefix with the least edit distance."""
    if words[: len(sent)] == sent:
        return len(sent)
    row = list(range(len(words) + 1))
    for count, word in enumerate(sent, start=1):
        diagonal, row[0] = row[0], count
        for i, other in enumerate(words, start=1):
            best = min(diagonal + (word.lower() != other.lower()), row[i] + 1, row[i - 1] + 1)
            diagonal, row[i] = row[i], best
    return row.index(min(row))
