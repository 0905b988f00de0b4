"""What is told to who listens: by `/v1/listen`, by its client and by the in-process engine.

Declared once, for what is sent and for the schema.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Ready(_Message):
    """The answer to `start`: audio may be sent."""

    type: Literal["ready"] = "ready"
    model: str
    languages: list[str]
    """Tags that `language` may have."""
    silence_ms: int | None
    """Silence that ends an utterance; null where only `flush` does."""


class Word(_Message):
    """A word or a Chinese character; times count from the session's first audio."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float | None
    """0 to 1; null where the model has none for single words."""


class SpeechStarted(_Message):
    """Somebody speaks."""

    type: Literal["speech_started"] = "speech_started"
    utterance: int
    at_ms: int


class Partial(_Message):
    """The text so far: `stable` grows only, `rest` may change."""

    type: Literal["partial"] = "partial"
    utterance: int
    stable: str
    rest: str
    confidence: float


class Preflight(_Message):
    """What was recognized ahead in a pause; the `final` will say the same if nobody speaks on."""

    type: Literal["preflight"] = "preflight"
    utterance: int
    text: str
    language: str | None
    confidence: float
    words: list[Word]


class SpeechEnded(_Message):
    """The utterance is over, and had speech; its `final` follows."""

    type: Literal["speech_ended"] = "speech_ended"
    utterance: int
    at_ms: int


class Final(_Message):
    """What was said."""

    type: Literal["final"] = "final"
    utterance: int
    text: str
    """Empty where nothing was said, or only noise was heard."""
    language: str | None
    language_scores: dict[str, float]
    """Posteriors, normalized among themselves; empty where the model does not tell them."""
    confidence: float
    words: list[Word]
    emotion: str | None
    emotion_scores: dict[str, float]
    event: str | None
    intent: str | None
    ambiguous: bool
    alternatives: list[str]
    ended_by: Literal["silence", "flush", "limit", "audio-stop", "no-speech", "model"]
    audio_start_ms: int
    """Where the utterance's audio begins in the session's."""
    audio_ms: int
    """How long it is."""
    speech_start_ms: int | None
    speech_end_ms: int | None
    answer_ms: int
    """From the end of the utterance to this message, waiting included."""
    queue_ms: int
    recognition_ms: int


class Cancelled(_Message):
    """Nothing more comes of this utterance or of those before it."""

    type: Literal["cancelled"] = "cancelled"
    utterance: int


class ErrorObject(_Message):
    """In the shape of OpenAI's API."""

    message: str
    type: str
    param: str | None
    code: str


class Error(_Message):
    """With an utterance: it gets no `final`. The session goes on unless the socket closes."""

    type: Literal["error"] = "error"
    utterance: int | None = None
    error: ErrorObject


Answer = SpeechStarted | Partial | Preflight | SpeechEnded | Final | Cancelled | Error
"""What is told of utterances."""

ServerMessage = Ready | Answer
SERVER_MESSAGES = (
    Ready, SpeechStarted, Partial, Preflight, SpeechEnded, Final, Cancelled, Error,
)  # fmt: skip
