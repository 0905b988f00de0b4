"""What one request was, what it cost and how it ended: for the log, and for the metrics."""

from dataclasses import dataclass, field
from enum import StrEnum


class Stage(StrEnum):
    """A part of a request whose time is measured; docs/operations.md describes them."""

    QUEUE = "queue"
    """Its jobs waited for the device."""
    FEATURES = "features"
    """Features and voice activity of its audio were computed, all together."""
    RECOGNITION = "recognition"
    """The recognition that became the answer ran."""
    SYNTHESIS = "synthesis"
    """Its audio was computed, all together."""
    FIRST_AUDIO = "first_audio"
    """From its first sentence to its first audio."""
    SPEECH_END_TO_TRANSCRIPT = "speech_end_to_transcript"
    """From the arrival of its last speech to its transcript."""
    END_TO_RESULT = "end_to_result"
    """From its end (`audio-stop`, a silence, the whole text) to its result's end."""


class Moment(StrEnum):
    """A place in the audio of a request, or behind it."""

    SPEECH_START = "speech_start"
    SPEECH_END = "speech_end"
    SPECULATION = "speculation"
    """The latest recognition that was begun ahead, in a pause."""
    END = "end"
    """The request was over: so much of its audio was examined."""
    RESULT = "result"
    """Its result was there."""


@dataclass
class RequestReport:
    """Filled by the work of a request as it goes, whatever becomes of it; the session logs it."""

    kind: str = "request"
    language: str | None = None
    audio_seconds: float | None = None
    """Of the audio that the client sent, or was sent."""
    characters: int | None = None
    """Of the text to speak."""
    model: str | None = None
    """Of those that hear, the one that was asked."""
    ended_by: str | None = None
    """What ended the request: `audio-stop`, `silence`, ..."""
    stages: dict[Stage, float] = field(default_factory=dict)
    """Seconds."""
    moments: dict[Moment, int] = field(default_factory=dict)
    """Milliseconds from the beginning of the audio; not logged."""
    text: str | None = None
    """What was heard or is to be spoken; logged at debug only."""
    outcome: str = ""
    """How it ended: a `RequestOutcome` or an `ErrorCode`; the session fills it in."""
    error: str | None = None
    """What the client was told, or what broke; the session fills it in."""

    def add(self, stage: Stage, seconds: float) -> None:
        """Add to the time of a stage."""
        self.stages[stage] = self.stages.get(stage, 0.0) + seconds

    def facts(self) -> dict[str, str | int | float]:
        """Returns what is known, without times, texts and errors."""
        known: dict[str, str | int | float | None] = {
            "kind": self.kind,
            "outcome": self.outcome,
            "model": self.model,
            "language": self.language,
            "audio_seconds": None if self.audio_seconds is None else round(self.audio_seconds, 2),
            "characters": self.characters,
            "ended_by": self.ended_by,
        }
        return {name: value for name, value in known.items() if value is not None}

    def fields(self) -> dict[str, str | int | float]:
        """Returns what is known, under the names that a log line has."""
        times = {f"{stage}_ms": round(seconds * 1000) for stage, seconds in self.stages.items()}
        said = self.facts() | times
        return said if self.error is None else said | {"error": self.error}
