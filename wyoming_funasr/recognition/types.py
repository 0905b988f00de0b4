"""What an engine is asked, and what it answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from wyoming_funasr.audio.fbank import Fbank, FbankSettings
from wyoming_funasr.recognition.hotwords import Hotword

Features = npt.NDArray[np.float32]
"""Log-mel features after low frame rate stacking and normalization, shape [frames, channels]."""


@dataclass(frozen=True)
class Word:
    """One word, Chinese character or piece, with its place in the audio."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float


@dataclass
class Memory:
    """Where an engine may keep what it computed of speech that grows, for the next time.

    It makes a recognition cheaper, never different. Two threads may recognize the same speech at
    once, so that what lies here is replaced and never changed.
    """

    state: Any = None


@dataclass(frozen=True)
class Segment:
    """One piece of speech for an engine; `is_final` where it is recognized as if none followed."""

    features: Features
    language: str = "auto"
    use_itn: bool = True
    hotwords: tuple[Hotword, ...] = ()
    memory: Memory = field(default_factory=Memory)
    is_final: bool = True


@dataclass(frozen=True)
class Recognition:
    """What an engine heard.

    `confidence` is from 0 to 1; how it is derived is said by each engine. `language`, `emotion`
    and `event` are None where the model does not tell them. `is_settled` says that the text of the
    same speech, grown, will begin with this text.
    """

    text: str = ""
    words: tuple[Word, ...] = ()
    confidence: float = 0.0
    language: str | None = None
    emotion: str | None = None
    emotion_scores: dict[str, float] = field(default_factory=dict)
    event: str | None = None
    is_settled: bool = False


class Engine(Protocol):
    """A recognizer: features of a batch in, one recognition per utterance out.

    Everything runs in the device's worker thread.
    """

    @property
    def fbank(self) -> FbankSettings:
        """The filter banks that the model's front-end begins with."""

    def features(self, fbank: Fbank) -> Features:
        """Features of a stretch of audio; no frames too few."""

    def recognize(self, batch: Sequence[Segment]) -> list[Recognition]:
        """Recognize a batch; the order is kept."""
