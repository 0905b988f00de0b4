"""What a recognition may know of the home: protocols, so that engines need not know the rest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from wyoming_funasr.recognition.beam import Lean
from wyoming_funasr.recognition.ctc import LogProbs


class Completeness(StrEnum):
    """What a text so far is."""

    UNFINISHED = "unfinished"
    COMPLETE = "complete"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Tokens:
    """A recognizer's tokens: `write` turns them into text, `encode` a text into pieces."""

    pieces: Sequence[str]
    blank: int
    frame_seconds: float
    write: Callable[[Sequence[int]], str]
    encode: Callable[[str], Sequence[str]] | None = None


class Choice(Protocol):
    """The text that a home makes of what was heard."""

    @property
    def text(self) -> str:
        """In the words that the home acts on, where it does."""

    @property
    def tokens(self) -> tuple[int, ...]:
        """The tokens that were heard."""

    @property
    def intent(self) -> str | None:
        """What Home Assistant would do; None where it would do nothing."""

    @property
    def alternatives(self) -> tuple[str, ...]:
        """Other commands that it may have been."""


class HomeContext(Protocol):
    """The home as one utterance uses it. No method fails, whatever it is given."""

    @property
    def tag(self) -> str | None:
        """The language of the utterance's request."""

    def bare(self) -> "HomeContext":
        """The same utterance's, knowing nothing: for a process that knows the home itself."""

    def choose(
        self, log_probs: LogProbs, language: str | None, also: Lean | None = None
    ) -> Choice | None:
        """The text of speech in a language; None where the home knows nothing of the language.

        Args:
            log_probs: Shape [frames, vocabulary].
            language: What the model heard; the request's own language comes first.
            also: A further lean, such as a request's hotwords.
        """

    def judge(self, text: str, language: str | None) -> Completeness:
        """Whether a text is a whole sentence of this home."""

    def as_written(self, text: str) -> str:
        """The text with names in the Chinese characters that the home writes them in."""
