"""Names by their sound: where a text is unsure, which name of the home may have been said there?

What was heard is a rough transcription of what was said, even where the model has no such word. So
every span of words is compared with every name by phones, all names at once.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wyoming_funasr.home.carriers import Carrier
from wyoming_funasr.home.sounds import Phones, phone_distance, phone_weight, sound
from wyoming_funasr.home.vocabulary import Vocabulary
from wyoming_funasr.home.writing import fits, spoken
from wyoming_funasr.recognition.ctc import LogProbs

_MOST_UNITS = 7
"""Longest span, in words or Chinese characters, in whose place a name may be."""

_SURE = -0.5
"""A span whose path is likelier than this, in nats, is what was said, but for how it is written."""

_SAME_SOUND = 0.5
"""Distance up to which two texts may be one sound."""

_NAMES_PER_SPAN = 5
_MOST_COMPARED_BYTES = 16 << 20
"""What is kept of spans that were compared; then all is forgotten."""

_MOST_PHONES = 48
_FAR = 1e6

_Floats = npt.NDArray[np.float32]


Compared = dict[Phones, tuple[_Floats, list[tuple[int, float]]]]
"""Spans that were compared with the names already: a row of the edit distance, the nearest names
with their distances."""


@dataclass(frozen=True)
class Replacement:
    """A name in place of units `first` to `last` (excluded).

    `apart` is the distance of their sounds (`sounds.distance`), `behind` how much less likely than
    anything else what was heard there is: what the name may gain.
    """

    first: int
    last: int
    name: str
    tokens: tuple[int, ...]
    apart: float
    behind: float


class Names:
    """The names of a home in one language, by their sounds."""

    def __init__(self, names: Iterable[str], language: str, vocabulary: Vocabulary) -> None:
        self._language = language
        self.texts: list[str] = []
        self._tokens: list[tuple[int, ...]] = []
        said: list[Phones] = []
        for name in dict.fromkeys(names):
            words = spoken(name, language)
            sounds = sound(name, language)
            if 0 < len(sounds) <= _MOST_PHONES and fits(name, language):
                self.texts.append(name)
                self._tokens.append(vocabulary.tokens_for(words))
                said.append(sounds)
        self._inventory = {phone: i for i, phone in enumerate(sorted({p for s in said for p in s}))}
        self._lengths = np.array([len(sounds) for sounds in said], np.int64)
        longest = int(self._lengths.max(initial=0))
        self._sounds = np.zeros((len(said), longest), np.int64)
        weights = np.zeros((len(said), longest + 1), np.float32)
        for row, sounds in enumerate(said):
            self._sounds[row, : len(sounds)] = [self._inventory[phone] for phone in sounds]
            weights[row, 1 : len(sounds) + 1] = [phone_weight(phone) for phone in sounds]
        self._left_out = np.cumsum(weights, axis=1)
        """What it costs to hear nothing of the first phones of each name."""
        self._costs: dict[str, _Floats] = {}

    def replacements(self, carrier: Carrier, compared: Compared) -> list[Replacement]:
        """The nearest names for every unsure span; `compared` is shared by texts alike."""
        if not self.texts:
            return []
        units = carrier.units
        heard = [sound(one.text, self._language) for one in units]
        found: list[Replacement] = []
        for first in range(len(units)):
            row = self._left_out
            said: Phones = ()
            for last in range(first + 1, min(len(units), first + _MOST_UNITS) + 1):
                said += heard[last - 1]
                if said not in compared:
                    for phone in heard[last - 1]:
                        row = self._heard(row, phone)
                    if len(compared) * row.nbytes > _MOST_COMPARED_BYTES:
                        compared.clear()
                    compared[said] = row, self._nearest(row)
                row, nearest = compared[said]
                own, best = carrier.of(first, last)
                farthest = _FAR if own < _SURE else _SAME_SOUND
                found += [
                    Replacement(first, last, self.texts[i], self._tokens[i], apart, best - own)
                    for i, apart in nearest
                    if apart <= farthest
                ]
        return found

    def _heard(self, row: _Floats, phone: str) -> _Floats:
        """One step of the edit distance, for all names: another phone was heard."""
        if phone not in self._costs:
            costs = [phone_distance(phone, other) for other in self._inventory]
            self._costs[phone] = np.array(costs, np.float32)
        weight = np.float32(phone_weight(phone))
        new = row + weight
        np.minimum(new[:, 1:], row[:, :-1] + self._costs[phone][self._sounds], out=new[:, 1:])
        # phones of the name that were not heard: the cheapest place to stop hearing
        left_out: _Floats = np.minimum.accumulate(new - self._left_out, axis=1) + self._left_out
        return left_out

    def _nearest(self, row: _Floats) -> list[tuple[int, float]]:
        apart = row[np.arange(len(self.texts)), self._lengths]
        count = min(_NAMES_PER_SPAN, len(apart))
        near = np.argpartition(apart, count - 1)[:count].tolist()
        bounds = 0.5 * self._left_out[near, -1] + 0.5
        return [
            (i, one)
            for i, one, bound in zip(near, apart[near].tolist(), bounds.tolist(), strict=True)
            if one <= bound
        ]


def path_scores(log_probs: LogProbs, texts: Sequence[Sequence[int]], blank: int) -> list[float]:
    """The score of the best path of each text's tokens through all frames (Viterbi), all at once.

    A text that does not fit into the frames has minus infinity.
    """
    if not len(log_probs) or not texts:
        return [-math.inf] * len(texts)
    most = 2 * max(map(len, texts)) + 1
    states = np.full((len(texts), most), blank, np.int64)
    for row, text in enumerate(texts):
        states[row, 1 : 2 * len(text) : 2] = text
    skip = np.full(states.shape, -_FAR, np.float32)
    skip[:, 3::2][states[:, 3::2] != states[:, 1:-2:2]] = 0
    emitted = log_probs[:, states]
    # two impossible states in front of the first
    score = np.full((len(texts), most + 2), -_FAR, np.float32)
    score[:, 2:4] = emitted[0, :, :2]
    for frame in emitted[1:]:
        best = np.maximum(score[:, 2:], score[:, 1:-1])
        np.maximum(best, score[:, :-2] + skip, out=best)
        score[:, 2:] = best + frame
    rows, last = np.arange(len(texts)), np.array([2 * len(text) for text in texts]) + 2
    ends = np.maximum(score[rows, last], score[rows, last - 1])
    return [one if one > -_FAR / 2 else -math.inf for one in ends.tolist()]


def path_score(log_probs: LogProbs, tokens: Sequence[int], blank: int) -> float:
    """The same of one text."""
    return path_scores(log_probs, [tokens], blank)[0]
