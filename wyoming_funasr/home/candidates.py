"""Texts that may have been said: from the beam search, and with names where a text is unsure.

Each has a score of four parts: the acoustics, the language model, the likeness of sound of a name,
and how well its length fits the speech.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wyoming_funasr.home.carriers import Carrier, Unit, join_units
from wyoming_funasr.home.names import Compared, Names, Replacement
from wyoming_funasr.home.sounds import syllables
from wyoming_funasr.home.writing import spoken
from wyoming_funasr.recognition.beam import Hypothesis, Lean
from wyoming_funasr.recognition.ctc import LogProbs
from wyoming_funasr.recognition.home import Tokens

SOUND_WEIGHT = 2.5
"""Nats that each unit of distance of a sound costs (`sounds.distance`)."""

_NAME_COST = 2.0
"""Nats that a name put in costs beside its sound."""

_LENGTH_SPREAD = 0.25
_SYLLABLE_SECONDS = {"en": 0.24, "zh": 0.21, "ja": 0.17, "ko": 0.19}
"""Of Japanese and Korean: of a character, as they are counted."""
_LONGEST_GAP_SECONDS = 0.3
"""A longer gap between tokens is a pause, which says nothing of the length of the words."""

_CARRIERS = 3
_MOST_SCORED = 40


@dataclass(frozen=True)
class Candidate:
    """A text that may have been said."""

    text: str
    tokens: tuple[int, ...]
    acoustic: float
    """Log probability of the frames, less what an unlike sound costs."""
    score: float
    overlong: float
    """Log of the length of the speech by that of the text."""
    apart: float = 0.0
    """Distance of a name that was put in from what was heard in its place."""

    @property
    def worth(self) -> float:
        """The score, with the sound counted twice."""
        return self.score - SOUND_WEIGHT * self.apart


class Candidates:
    """Finds candidates in one language; holds no state of an utterance."""

    def __init__(self, language: str, model: Tokens, names: Names) -> None:
        self._language = language
        self._model = model
        self._names = names
        family = "zh" if language[:2] in ("zh", "yu") else language[:2]
        self._syllable_seconds = _SYLLABLE_SECONDS[family]

    def find(
        self, log_probs: LogProbs, hypotheses: Sequence[Hypothesis], length: float, lean: Lean
    ) -> list[Candidate]:
        """Every text worth a look, best first; `length` in seconds."""
        found: dict[str, Candidate] = {}
        for one in hypotheses:
            text = self._model.write(one.tokens)
            _add(found, self.candidate(text, one.tokens, one.acoustic, length, lean))
        compared: Compared = {}
        for one in hypotheses[:_CARRIERS]:
            carrier = Carrier(log_probs, one.tokens, self._model.pieces, self._model.blank)
            near = self._names.replacements(carrier, compared)
            near.sort(key=_cost)
            for replacement in near[:_MOST_SCORED]:
                text, tokens = _replaced(carrier.units, replacement)
                score = carrier.score - _cost(replacement) - _NAME_COST
                _add(found, self.candidate(text, tokens, score, length, lean, replacement.apart))
        return sorted(found.values(), key=lambda one: one.score, reverse=True)

    def candidate(
        self,
        text: str,
        tokens: tuple[int, ...],
        acoustic: float,
        length: float,
        lean: Lean,
        apart: float = 0.0,
    ) -> Candidate:
        """A text with its score; `length` in seconds."""
        state, leaning = lean.start(), 0.0
        for token in tokens:
            state, more = lean.extend(state, token)
            leaning += more
        count = syllables(spoken(text, self._language))
        overlong = math.log(max(length, 0.1) / (max(count, 1) * self._syllable_seconds))
        fit = -0.5 * (overlong / _LENGTH_SPREAD) ** 2
        score = acoustic + leaning + lean.end(state) + fit
        return Candidate(text, tokens, acoustic, score, overlong, apart)

    def length(self, log_probs: LogProbs) -> float:
        """Seconds of speech, pauses left out."""
        spoken_frames = np.flatnonzero(log_probs[:, self._model.blank] < math.log(0.5))
        if not len(spoken_frames):
            return 0.0
        most = _LONGEST_GAP_SECONDS / self._model.frame_seconds
        gaps = np.minimum(np.diff(spoken_frames), most)
        return float((gaps.sum() + 1) * self._model.frame_seconds)


def _add(found: dict[str, Candidate], one: Candidate) -> None:
    key = one.text.lower().rstrip("。.!！?？")
    if key not in found or found[key].score < one.score:
        found[key] = one


def _cost(one: Replacement) -> float:
    """Nats that a name costs in place of what was heard."""
    return SOUND_WEIGHT * one.apart - one.behind


def _replaced(units: Sequence[Unit], one: Replacement) -> tuple[str, tuple[int, ...]]:
    before, behind = units[: one.first], units[one.last :]
    text = join_units([*(u.text for u in before), one.name, *(u.text for u in behind)])
    tokens = [token for unit in before for token in unit.tokens]
    tokens += one.tokens
    tokens += [token for unit in behind for token in unit.tokens]
    return text, tuple(tokens)
