"""What is reported of an utterance, in the words of no protocol: transports translate it."""

from dataclasses import dataclass
from typing import Protocol

from wyoming_funasr.recognition.types import Recognition
from wyoming_funasr.requests.endpointing import EndedBy


@dataclass(frozen=True)
class SpeechStarted:
    """Somebody speaks; at most once an utterance."""

    at_ms: int
    """Where in the audio."""


@dataclass(frozen=True)
class Partial:
    """The text so far, in two parts that make it when joined."""

    stable: str
    """Grows only, and is never taken back while the utterance lasts."""
    rest: str
    """May change with the next sounds."""
    confidence: float


@dataclass(frozen=True)
class Preflight:
    """What was recognized ahead, in a pause: the answer, if no more speech follows."""

    recognition: Recognition
    language: str | None


@dataclass(frozen=True)
class SpeechEnded:
    """The utterance is over, and had speech; its `Final` follows."""

    at_ms: int
    """Where in the audio speech ended."""


@dataclass(frozen=True)
class Final:
    """What was said. Every utterance that is answered ends with it."""

    recognition: Recognition
    """Its text is empty where nothing was said."""
    language: str | None
    """The one heard, or else the one that the model was told; None without text."""
    ended_by: EndedBy
    audio_start_ms: int = 0
    """Where its audio begins, in audio of several utterances."""
    audio_ms: int = 0
    """Length of the audio that was examined."""
    speech_start_ms: int | None = None
    speech_end_ms: int | None = None
    answer_seconds: float = 0.0
    """From the end of the utterance to this event, waiting included."""
    queue_seconds: float = 0.0
    """For which the recognition waited for the device."""
    recognition_seconds: float = 0.0
    """For which the recognition ran."""


UtteranceEvent = SpeechStarted | Partial | Preflight | SpeechEnded | Final
"""In this order; there may be several partials and preflights, in any order."""


class EventSink(Protocol):
    """Where the events of an utterance go: a transport, or a program."""

    async def take(self, event: UtteranceEvent) -> None:
        """Take one event; its utterance waits meanwhile.

        Raises:
            ConnectionError: nobody is there any more to take it.
        """
