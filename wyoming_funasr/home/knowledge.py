"""Everything that is known of a home, ready for one recognizer: built in seconds, then read."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from wyoming_funasr.home.choice import Choice, Chooser
from wyoming_funasr.home.commands import Commands
from wyoming_funasr.home.completeness import CompletenessJudge, word_judge
from wyoming_funasr.home.description import Home, names_of
from wyoming_funasr.home.grammar import Grammar
from wyoming_funasr.home.language_model import build, samples_for
from wyoming_funasr.home.names import Names
from wyoming_funasr.home.sentence_ends import sampled
from wyoming_funasr.home.vocabulary import Vocabulary
from wyoming_funasr.home.writing import is_cjk, simplified, spoken
from wyoming_funasr.recognition.beam import Lean
from wyoming_funasr.recognition.ctc import LogProbs
from wyoming_funasr.recognition.home import Completeness, Tokens

_WARMING = 30
"""Sentences that are understood while the knowledge is built."""


class Knowledge:
    """A home as a recognizer uses it. It never changes: a changed home is a new one of these."""

    def __init__(
        self,
        home: Home,
        languages: Sequence[str],
        tokens: Tokens | None,
        samples: int | None = None,
        strictness: float = 1.0,
    ) -> None:
        """Takes a second or two for each language; `languages` are keys of the templates.

        A recognizer without `tokens` has its texts judged, and nothing more. `samples` are the
        sentences that the language models are made from, by default as many as the home needs.
        `strictness` is the chooser's (`Chooser`).
        """
        self.home = home
        names = [
            name
            for entries in (home.entities, home.areas, home.floors)
            for one in entries
            for name in names_of(one)
        ]
        self._choosers: dict[str, Chooser] = {}
        self._judges: dict[str, CompletenessJudge] = {}
        samples = samples or samples_for(len(names))
        vocabulary = Vocabulary(tokens.pieces, tokens.encode) if tokens is not None else None
        for language in languages:
            grammar, commands = Grammar(language, home), Commands(language, home)
            _warm(commands, grammar)
            if tokens is None or vocabulary is None:
                self._judges[language] = word_judge(sampled(grammar, samples), commands)
                continue
            language_model = build(vocabulary, [grammar], samples)
            self._choosers[language] = Chooser(
                language,
                tokens,
                vocabulary,
                language_model,
                Names(names, language, vocabulary),
                commands,
                strictness,
            )
            spelled = _Spelled(vocabulary, language)
            self._judges[language] = CompletenessJudge(spelled, language_model, commands)
        chinese = [name for name in names if any(map(is_cjk, name))]
        # where a conversion changes the length, places in both texts do not agree
        self._written = {
            plain: name
            for name in sorted(chinese, key=len, reverse=True)
            if len(plain := simplified(name)) == len(name)
        }
        self._any_written = re.compile("|".join(map(re.escape, self._written)))

    def choose(self, log_probs: LogProbs, language: str, also: Lean | None = None) -> Choice | None:
        """The text of an utterance; None for a language of which nothing is known."""
        chooser = self._choosers.get(language)
        return chooser.choose(log_probs, also) if chooser else None

    def judge(self, text: str, language: str) -> Completeness:
        """Whether a text is a whole sentence of this home."""
        judge = self._judges.get(language)
        return judge.judge(text) if judge else Completeness.UNKNOWN

    def as_written(self, text: str) -> str:
        """The text with names in the Chinese characters that the home writes them in."""
        plain = simplified(text) if self._written else text
        if len(plain) != len(text):
            return text
        written, end = "", 0
        for found in self._any_written.finditer(plain) if self._written else ():
            written += text[end : found.start()] + self._written[found.group()]
            end = found.end()
        return written + text[end:]


def _warm(commands: Commands, grammar: Grammar) -> None:
    """Have what is made at the first use made before the first utterance."""
    rng = random.Random(0)
    for _ in range(_WARMING if grammar else 0):
        commands.phrase(grammar.sample(rng))


@dataclass(frozen=True)
class _Spelled:
    """Texts in a recognizer's tokens."""

    vocabulary: Vocabulary
    language: str

    def tokens_for(self, sentence: str) -> tuple[int, ...]:
        return self.vocabulary.tokens_for(spoken(sentence, self.language))
