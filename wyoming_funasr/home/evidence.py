"""Does the sound bear out a command that is not quite what was heard?

A command takes the place of what was heard only where it sounds the same, or much like it and the
model found it nearly as likely; and never where another command is likelier by the sound alone. All
of it is counted by the phones that the command is about, so that no long sentence hides a wrong
name.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from wyoming_funasr.home.commands import Command
from wyoming_funasr.home.names import path_scores
from wyoming_funasr.home.sounds import phone_weight, sound
from wyoming_funasr.home.vocabulary import SILENT, Vocabulary
from wyoming_funasr.recognition.ctc import LogProbs

HOMOPHONE = 0.2
"""Distance of sound for each phone up to which a name is a homophone, or nearly one."""

FAR = 1.1
"""The same from which on a command is a guess, however likely the model found it."""

LEAST_LIKELY = 5.5
"""Nats for each phone by which a name may be less likely than what was heard if it sounds the same;
at half of `FAR`, half of them."""

RIVAL = 1.5
"""A likelier command rivals one that sounds nearer to what was heard by less than this."""

_LEAST = 1e-12
"""Probability of what is next to impossible, so that sums stay finite."""

_SMALLEST = 1.5
"""Phones of a word."""


class Emissions:
    """How likely texts are by the sound alone, whatever their letter case and punctuation."""

    def __init__(self, log_probs: LogProbs, vocabulary: Vocabulary) -> None:
        """`log_probs`: shape [frames, vocabulary]."""
        self._log_probs = log_probs
        self._vocabulary = vocabulary

    def scores(self, texts: Sequence[Sequence[int]]) -> list[float]:
        """Log probability of the best path of each text, which is given in tokens."""
        said = [[one for t in text if (one := self._class_of(t)) != SILENT] for text in texts]
        classes = [SILENT, *sorted({one for text in said for one in text})]
        columns = {one: place for place, one in enumerate(classes)}
        shares = [self._shares(one) for one in classes]
        log_probs = np.log(np.maximum(np.stack(shares, axis=1), _LEAST)).astype(np.float32)
        return path_scores(log_probs, [[columns[one] for one in text] for text in said], 0)

    def _class_of(self, token: int) -> int:
        return self._vocabulary.classes[token]

    def _shares(self, one: int) -> LogProbs:
        shares: LogProbs = np.exp(self._log_probs[:, self._vocabulary.tokens[one]]).sum(axis=1)
        return shares


@lru_cache(maxsize=10_000)
def size(command: Command, language: str) -> float:
    """Phones, by weight, of the names in a command; one that names nothing counts as a word."""
    return max(_SMALLEST, sum(map(phone_weight, sound(" ".join(command.names), language))))


def is_borne_out(
    apart: float, unlikelier: float, phones_about: float, strictness: float = 1.0
) -> bool:
    """Whether a command may stand for what was heard.

    Args:
        apart: Distance of their sounds (`sounds.distance`).
        unlikelier: Nats by which the command is less likely by the sound.
        phones_about: `size` of the command.
        strictness: The bounds are divided by it; with 0, every command may.
    """
    far, nats = (strictness * one / phones_about for one in (apart, unlikelier))
    return far <= HOMOPHONE or far / FAR + max(nats, 0.0) / LEAST_LIKELY <= 1
