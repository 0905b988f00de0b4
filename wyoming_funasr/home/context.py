"""The home as one utterance uses it: in its languages, and never in its way."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from wyoming_funasr.home.choice import Choice
from wyoming_funasr.home.description import Home
from wyoming_funasr.home.grammar import TEMPLATE_LANGUAGES
from wyoming_funasr.home.knowledge import Knowledge
from wyoming_funasr.home.writing import language_by_script
from wyoming_funasr.recognition.beam import Lean
from wyoming_funasr.recognition.ctc import LogProbs
from wyoming_funasr.recognition.home import Completeness, Tokens

_LOGGER = logging.getLogger(__name__)

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class UtteranceHome:
    """A `HomeContext`: what is known in each language, for an utterance with this language tag.

    Knowledge is a help: where it fails, the log says so and the utterance goes on without it.
    """

    known: Mapping[str, Knowledge]
    tag: str | None = None
    want: Callable[[str], None] | None = None
    """Told of a language in which nothing is known yet; called in any thread."""

    def bare(self) -> "UtteranceHome":
        """The same utterance's, knowing nothing."""
        return UtteranceHome({}, self.tag)

    def choose(
        self, log_probs: LogProbs, language: str | None, also: Lean | None = None
    ) -> Choice | None:
        """The text of speech; None for a language of which nothing is known."""
        key, knowledge = self._in(language)
        if knowledge is None:
            return None
        return _safely(lambda: knowledge.choose(log_probs, key, also), None)

    def judge(self, text: str, language: str | None) -> Completeness:
        """Whether a text is a whole sentence of this home."""
        key, knowledge = self._in(language or language_by_script(text))
        if knowledge is None:
            return Completeness.UNKNOWN
        return _safely(lambda: knowledge.judge(text, key), Completeness.UNKNOWN)

    def as_written(self, text: str) -> str:
        """The text with names in the Chinese characters that the home writes them in."""
        knowledge = next(iter(self.known.values()), None)
        if knowledge is None:
            return text
        return _safely(lambda: knowledge.as_written(text), text)

    def _in(self, language: str | None) -> tuple[str, Knowledge | None]:
        key = template_language(self.tag, language)
        if key is not None and key not in self.known and self.want is not None:
            _safely(partial(self.want, key), None)
        return key or "", self.known.get(key or "")


def know(home: Home, languages: Iterable[str], tokens: Tokens) -> UtteranceHome:
    """All that is known of a home, at once; it takes seconds."""
    return UtteranceHome({one: Knowledge(home, [one], tokens) for one in languages})


def template_language(tag: str | None, heard: str | None) -> str | None:
    """The key of `TEMPLATE_LANGUAGES` for a request's tag, else for what the model heard."""
    parts = (tag or "auto").replace("_", "-").lower().split("-")
    if parts[0] == "auto":
        return heard if heard in TEMPLATE_LANGUAGES else None
    if parts[0] == "zh" and "hk" in parts:
        return "zh-HK"
    if parts[0] == "zh" and ("tw" in parts or "hant" in parts):
        return "zh-TW"
    return parts[0] if parts[0] in TEMPLATE_LANGUAGES else None


def _safely(ask: Callable[[], _Answer], otherwise: _Answer) -> _Answer:
    try:
        return ask()
    except Exception:
        _LOGGER.exception("what is known of the home does not help here")
        return otherwise
