"""What `/v1/listen` tells its client: declared once, for what is sent and for the schema."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from wyoming_funasr.recognition import types
from wyoming_funasr.requests import events
from wyoming_funasr.requests.listening import Cancelled as CancelledEvent
from wyoming_funasr.requests.listening import Failed, ListeningEvent
from wyoming_serving.errors import ServiceError
from wyoming_serving.http.errors import error_object


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
    ended_by: Literal["silence", "flush", "limit", "audio-stop", "no-speech"]
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


ServerMessage = (
    Ready | SpeechStarted | Partial | Preflight | SpeechEnded | Final | Cancelled | Error
)
SERVER_MESSAGES = (
    Ready, SpeechStarted, Partial, Preflight, SpeechEnded, Final, Cancelled, Error,
)  # fmt: skip


def translated(utterance: int, event: ListeningEvent) -> ServerMessage:
    """Returns the message that tells of an event."""
    match event:
        case events.SpeechStarted():
            return SpeechStarted(utterance=utterance, at_ms=event.at_ms)
        case events.Partial():
            return Partial(
                utterance=utterance,
                stable=event.stable,
                rest=event.rest,
                confidence=_rounded(event.confidence),
            )
        case events.Preflight():
            return Preflight(
                utterance=utterance,
                text=event.recognition.text,
                language=event.language,
                confidence=_rounded(event.recognition.confidence),
                words=_words(event.recognition),
            )
        case events.SpeechEnded():
            return SpeechEnded(utterance=utterance, at_ms=event.at_ms)
        case events.Final():
            return _final(utterance, event)
        case CancelledEvent():
            return Cancelled(utterance=utterance)
        case Failed():
            told = error_object(ServiceError(event.code, event.text))
            return Error(utterance=utterance, error=ErrorObject.model_validate(told))


def _final(utterance: int, final: events.Final) -> Final:
    heard = final.recognition
    return Final(
        utterance=utterance,
        text=heard.text,
        language=final.language,
        language_scores=heard.language_scores,
        confidence=_rounded(heard.confidence),
        words=_words(heard),
        emotion=heard.emotion,
        emotion_scores=heard.emotion_scores,
        event=heard.event,
        intent=heard.intent,
        ambiguous=bool(heard.alternatives),
        alternatives=list(heard.alternatives),
        ended_by=final.ended_by.value,
        audio_start_ms=final.audio_start_ms,
        audio_ms=final.audio_ms,
        speech_start_ms=final.speech_start_ms,
        speech_end_ms=final.speech_end_ms,
        answer_ms=round(final.answer_seconds * 1000),
        queue_ms=round(final.queue_seconds * 1000),
        recognition_ms=round(final.recognition_seconds * 1000),
    )


def _words(heard: types.Recognition) -> list[Word]:
    return [
        Word(text=word.text, start_ms=word.start_ms, end_ms=word.end_ms, confidence=word.confidence)
        for word in heard.words
    ]


def _rounded(confidence: float) -> float:
    return round(confidence, 4)
