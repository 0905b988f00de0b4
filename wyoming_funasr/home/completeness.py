"""Is a text a whole command? Judged by how probable it is that it ends here.

The probability that a sentence ends behind a text, P(end | text), is the language model's. A text
of which the home's sentences know nothing is neither finished nor unfinished.
"""

import math

from wyoming_funasr.home.commands import Commands
from wyoming_funasr.home.language_model import LanguageModel
from wyoming_funasr.home.vocabulary import Vocabulary
from wyoming_funasr.home.writing import spoken
from wyoming_funasr.recognition.home import Completeness

_SELDOM_ENDS = 0.03
"""A text that ends less often than this goes on."""

_OFTEN_ENDS = 0.3
"""A command that ends at least so often is over: three in four whole ones do, and of the commands
that others begin with one in a hundred."""

_LAST = 5
"""Tokens at the end of a text of which all but one must be the home's, or it is none of ours."""


class CompletenessJudge:
    """Judges texts of one language; without a home, by the templates of the language alone."""

    def __init__(
        self,
        language: str,
        vocabulary: Vocabulary,
        language_model: LanguageModel,
        commands: Commands,
        *,
        knows_home: bool = True,
    ) -> None:
        """`knows_home`: then only what Home Assistant acts on is complete."""
        self._language = language
        self._vocabulary = vocabulary
        self._model = language_model
        self._commands = commands
        self._knows_home = knows_home

    def judge(self, text: str) -> Completeness:
        """What the text is as a sentence; about a millisecond."""
        probability, known = self.end_probability(text)
        if not known:
            return Completeness.UNKNOWN
        if probability < _SELDOM_ENDS and self._commands.phrase(text) is None:
            return Completeness.UNFINISHED
        if probability < _OFTEN_ENDS:
            return Completeness.UNKNOWN
        if self._knows_home and self._commands.phrase(text) is None:
            return Completeness.UNKNOWN
        return Completeness.COMPLETE

    def end_probability(self, text: str) -> tuple[float, bool]:
        """P(end | text), and whether the text is one that the language model knows."""
        state = self._model.start()
        explained: list[bool] = []
        for token in self._vocabulary.tokens_for(spoken(text, self._language)):
            explained.append(self._model.explains(state, token))
            state = self._model.extend(state, token)[0]
        last = explained[-_LAST:]
        known = bool(last) and len(last) - sum(last) <= (len(last) > 2)
        return math.exp(self._model.end(state)), known
