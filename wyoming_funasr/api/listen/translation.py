"""From the events of a listening session to the answers of `/v1/listen`."""

from wyoming_funasr.api.listen.answers import (
    Answer,
    Cancelled,
    Error,
    ErrorObject,
    Final,
    Partial,
    Preflight,
    SpeechEnded,
    SpeechStarted,
    Word,
)
from wyoming_funasr.recognition import types
from wyoming_funasr.requests import events
from wyoming_funasr.requests.listening import Cancelled as CancelledEvent
from wyoming_funasr.requests.listening import Failed, ListeningEvent
from wyoming_serving.errors import ServiceError
from wyoming_serving.http.errors import error_object


def translated(utterance: int, event: ListeningEvent) -> Answer:
    """Returns the answer that tells of an event."""
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
            return refusal(ServiceError(event.code, event.text), utterance)


def refusal(error: ServiceError, utterance: int | None = None) -> Error:
    """Returns the answer to what was refused, or failed."""
    return Error(utterance=utterance, error=ErrorObject.model_validate(error_object(error)))


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
