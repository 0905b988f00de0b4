"""Is a text a whole command? Judged by how probable it is that it ends here.

The probability that a sentence ends behind a text, P(end | text), is a language model's. A text
of which the sentences know nothing is neither finished nor unfinished.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

from wyoming_funasr.home.commands import Commands
from wyoming_funasr.home.language_model import Fit, LanguageModel
from wyoming_funasr.home.sentence_ends import SentenceEnds, Words, templates_of
from wyoming_funasr.recognition.home import Completeness

_SELDOM_ENDS = 0.04
"""A text that ends less often than this goes on."""

_OFTEN_ENDS = 0.15
"""A command that ends at least so often is over. Of the whole ones nine in ten do; of those that
went on behind a pause ("open the garage door", "and turn on the hall light") four in six."""

_LAST = 5
"""Tokens at the end of a text of which all but one must fit, or it is none of the sentences."""

_FEWEST_SAID = 2
"""Words of a whole command that are the sentences' own, where any words may be a name."""


_MOST_PATHS = 6


class Tokenizer(Protocol):
    """Turns texts into a language model's tokens."""

    def tokens_for(self, sentence: str, /) -> Sequence[int | None]:
        """The tokens of a sentence; None for what the model lacks."""


@dataclass(frozen=True)
class Ending:
    """What a language model makes of the end of a text."""

    probability: float
    """P(end | text)."""
    is_known: bool
    """Whether the text is one that the model knows."""
    said: int
    """Tokens that are the sentences' own, and none of any words."""


@dataclass(frozen=True)
class _Path:
    """One way to read a text as a sentence."""

    state: int
    share: float = 1.0
    """Of probability, against the others."""
    fits: tuple[Fit, ...] = ()


class CompletenessJudge:
    """Judges texts of one language; with a home, only what Home Assistant acts on is complete."""

    def __init__(
        self, tokenizer: Tokenizer, model: LanguageModel, commands: Commands | None
    ) -> None:
        """`commands` of the home; None where none is known."""
        self._tokenizer = tokenizer
        self._model = model
        self._commands = commands

    def judge(self, text: str) -> Completeness:
        """What the text is as a sentence; about a millisecond."""
        ending = self.ending(text)
        if not ending.is_known:
            return Completeness.UNKNOWN
        if self._commands is None:
            return _without_home(ending)
        command = self._commands.meant(text)
        if command is None:
            seldom = ending.probability < _SELDOM_ENDS
            return Completeness.UNFINISHED if seldom else Completeness.UNKNOWN
        is_whole = ending.probability >= _OFTEN_ENDS
        return Completeness.COMPLETE if is_whole else Completeness.UNKNOWN

    def ending(self, text: str) -> Ending:
        """How probable it is that a sentence ends behind a text."""
        paths = [_Path(self._model.start())]
        for token in self._tokenizer.tokens_for(text):
            paths = self._followed(paths, token)
        best = paths[0]
        last = best.fits[-_LAST:]
        is_known = bool(last) and last.count(Fit.NONE) <= (len(last) > 2)
        said = best.fits.count(Fit.SAID)
        ends = sum(path.share * math.exp(self._model.end(path.state)) for path in paths)
        return Ending(ends / sum(path.share for path in paths), is_known and said > 0, said)

    def _followed(self, paths: list["_Path"], token: int | None) -> list["_Path"]:
        """The likeliest paths behind a token, best first."""
        found: dict[int, _Path] = {}
        for path in paths:
            for state, share, fit in self._model.branches(path.state, token):
                longer = _Path(state, path.share * share, (*path.fits, fit))
                if state not in found or found[state].share < longer.share:
                    found[state] = longer
        best = sorted(found.values(), key=lambda path: path.share, reverse=True)[:_MOST_PATHS]
        scale = 1 / best[0].share
        return [replace(path, share=path.share * scale) for path in best]


def _without_home(ending: Ending) -> Completeness:
    if ending.probability < _SELDOM_ENDS:
        return Completeness.UNFINISHED
    is_whole = ending.probability >= _OFTEN_ENDS and ending.said >= _FEWEST_SAID
    return Completeness.COMPLETE if is_whole else Completeness.UNKNOWN


def word_judge(ends: SentenceEnds, commands: Commands | None = None) -> CompletenessJudge:
    """A judge of texts whose tokens are unknown."""
    return CompletenessJudge(Words(ends.language, ends.words), ends.model(), commands)


@lru_cache(maxsize=8)
def template_judge(language: str) -> CompletenessJudge | None:
    """A judge by Home Assistant's sentences alone, with any words for the names.

    Read once in some 10 ms; None for a language without sentences.
    """
    ends = templates_of(language)
    return word_judge(ends) if ends is not None else None
