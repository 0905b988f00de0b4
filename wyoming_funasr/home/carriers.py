"""A hypothesis in words and Chinese characters with their frames, in which names may be put."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from wyoming_funasr.home.writing import is_cjk
from wyoming_funasr.recognition.ctc import AlignedToken, LogProbs, align

_ARTICLE = "the"


@dataclass(frozen=True)
class Unit:
    """A word or a Chinese character of a hypothesis: its text, its tokens, its frames."""

    text: str
    tokens: tuple[int, ...]
    start: int
    end: int


class Carrier:
    """A hypothesis, of whose units some may give way to names."""

    def __init__(
        self, log_probs: LogProbs, tokens: Sequence[int], pieces: Sequence[str], blank: int
    ) -> None:
        """`units` are empty where the tokens do not fit into the frames."""
        aligned = align(log_probs, tokens, blank)
        self.units = _units(aligned, pieces)
        path = log_probs[:, blank].copy()
        for one in aligned:
            path[one.start : one.end] = log_probs[one.start : one.end, one.token]
        self._path = np.concatenate((np.zeros(1, np.float32), np.cumsum(path)))
        best = log_probs.max(axis=1)
        self._best = np.concatenate((np.zeros(1, np.float32), np.cumsum(best)))

    @property
    def score(self) -> float:
        """Log probability of its path through all frames."""
        return float(self._path[-1])

    def of(self, first: int, last: int) -> tuple[float, float]:
        """The score of units `first` to `last` (excluded) with the silence around them, and that of
        the best path through their frames, whatever it says."""
        start = self.units[first - 1].end if first else 0
        stop = self.units[last].start if last < len(self.units) else len(self._path) - 1
        own, best = (float(one[stop] - one[start]) for one in (self._path, self._best))
        return own, best


def join_units(texts: Iterable[str]) -> str:
    """Units as one text: spaces between words, none beside Chinese characters."""
    joined = ""
    for text in texts:
        if joined and text and not (is_cjk(joined[-1]) or is_cjk(text[0])):
            joined += " "
        joined += text
    return joined


def _units(aligned: Sequence[AlignedToken], pieces: Sequence[str]) -> list[Unit]:
    found: list[Unit] = []
    for one in aligned:
        piece = pieces[one.token]
        text = piece.removeprefix("▁")
        if piece.startswith("<") or not any(map(str.isalnum, text)):
            continue
        glued = bool(found) and text == piece and _is_one_word(found[-1].text, text)
        found.append(_glued(found.pop(), one, text) if glued else _unit(one, text))
    return found


def _is_one_word(so_far: str, more: str) -> bool:
    """Whether pieces without a space between them are a word.

    "theallway" is no word but an article and a name, of which the first sound was not heard.
    """
    return not (is_cjk(more) or is_cjk(so_far[-1:]) or so_far.lower() == _ARTICLE)


def _unit(one: AlignedToken, text: str) -> Unit:
    return Unit(text, (one.token,), one.start, one.end)


def _glued(unit: Unit, one: AlignedToken, text: str) -> Unit:
    return Unit(unit.text + text, (*unit.tokens, one.token), unit.start, one.end)
