"""What an engine is asked, and what it answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from wyoming_funasr.recognition.home import Completeness, HomeContext, Tokens
from wyoming_funasr.recognition.hotwords import Hotword

Fbank = npt.NDArray[np.float32]
"""Log energies of the mel bands, shape [frames, mels]."""

Features = npt.NDArray[np.float32]
"""Log-mel features after low frame rate stacking and normalization, shape [frames, channels]."""

HOP_MS = 10
"""From one frame of filter banks to the next, in every FunASR model."""


@dataclass(frozen=True)
class FbankSettings:
    """What differs between the filter banks of FunASR's front-ends."""

    mels: int = 80
    window: str = "hamming"


@dataclass(frozen=True)
class Word:
    """A word or a Chinese character, with its times in the audio.

    `confidence` is from 0 to 1, and None where the model has none for single words.
    """

    text: str
    start_ms: int
    end_ms: int
    confidence: float | None

    def shifted(self, by_ms: int) -> "Word":
        """The word, so much later."""
        return replace(self, start_ms=self.start_ms + by_ms, end_ms=self.end_ms + by_ms)


@dataclass
class Memory:
    """Where an engine may keep what it computed of speech that grows, for the next time.

    It makes a recognition cheaper, never different. Two threads may recognize the same speech at
    once, so what lies here is replaced and never changed.
    """

    state: Any = None


@dataclass(frozen=True)
class SpeechSegment:
    """A stretch of an utterance with speech in it, to be recognized in one go."""

    fbank: Fbank
    start_ms: int = 0
    memory: Memory = field(default_factory=Memory)

    @property
    def seconds(self) -> float:
        """Length of the audio."""
        return len(self.fbank) * HOP_MS / 1000


@dataclass(frozen=True)
class Segment:
    """What an engine gets: the features of a stretch of speech, and how to recognize it.

    `is_final` means that no more speech follows in this segment. `languages` are those that
    `auto` may mean, all of the model's where there are none.
    """

    features: Features
    language: str = "auto"
    use_itn: bool = True
    hotwords: tuple[Hotword, ...] = ()
    memory: Memory = field(default_factory=Memory)
    is_final: bool = True
    languages: tuple[str, ...] = ()
    home: HomeContext | None = None


@dataclass(frozen=True)
class Recognition:
    """What an engine answers.

    `confidence` is from 0 to 1; each engine says how it is derived. `language`, `emotion` and
    `event` are None where the model does not tell them. `is_settled` means that the text of the
    same speech, once it has grown, begins with this text. `intent` is what Home Assistant would do,
    `alternatives` are other commands that it may have been, and `completeness` is the judgement of
    the home's sentences; all three are empty where no home is known.
    """

    text: str = ""
    words: tuple[Word, ...] = ()
    confidence: float = 0.0
    language: str | None = None
    language_scores: dict[str, float] = field(default_factory=dict)
    emotion: str | None = None
    emotion_scores: dict[str, float] = field(default_factory=dict)
    event: str | None = None
    is_settled: bool = False
    intent: str | None = None
    alternatives: tuple[str, ...] = ()
    completeness: Completeness | None = None

    def shifted(self, by_ms: int) -> "Recognition":
        """The recognition of the same speech, so much later in the audio."""
        return replace(self, words=tuple(word.shifted(by_ms) for word in self.words))


class Engine(Protocol):
    """A model: a batch of segments in, one recognition for each out.

    Everything runs in the device's worker threads.
    """

    @property
    def fbank(self) -> FbankSettings:
        """The filter banks that the model's front-end begins with."""

    @property
    def tokens(self) -> Tokens | None:
        """The tokens in which a home's names are listened for; None where it listens for none."""

    def features(self, fbank: Fbank) -> Features:
        """Features of a stretch of audio, however short."""

    def recognize(self, batch: Sequence[Segment]) -> list[Recognition]:
        """Recognize a batch; the order is kept."""
