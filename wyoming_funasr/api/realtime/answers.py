"""What a client of OpenAI's Realtime API is told in a transcription session.

Source: https://platform.openai.com/docs/api-reference/realtime-server-events.
"""

import math
from collections.abc import Mapping, Sequence
from secrets import token_hex

from wyoming_funasr.api.realtime.requests import Session
from wyoming_funasr.recognition.types import Word
from wyoming_serving.errors import ServiceError
from wyoming_serving.http.errors import error_object

Event = dict[str, object]

_TRANSCRIPTION = "conversation.item.input_audio_transcription"
_LEAST_PROBABILITY = 1e-6


def event(kind: str, **fields: object) -> Event:
    """Returns an event."""
    return {"type": kind, "event_id": f"event_{token_hex(10)}", **fields}


def error_event(error: ServiceError, event_id: str | None = None) -> Event:
    """Returns what answers a wrong event, which its client named `event_id`."""
    return event("error", error={**error_object(error), "event_id": event_id})


def fatal(error: ServiceError) -> Mapping[str, object]:
    """Returns what is said before the socket closes."""
    return error_event(error)


def described(session: Session, name: str, model: str, silence_ms: int | None) -> Event:
    """Returns a session named so, as it is in force: with its model and its silence."""
    given = session.audio.input
    return {
        "id": name,
        "object": "realtime.transcription_session",
        "type": "transcription",
        "audio": {
            "input": {
                "format": given.format.model_dump(),
                "noise_reduction": None,
                "transcription": _transcription(session, model),
                "turn_detection": _turn_detection(session, silence_ms),
            }
        },
        "include": session.include,
    }


def described_for_beta(session: Session, name: str, model: str, silence_ms: int | None) -> Event:
    """Returns the same as the beta has it."""
    return {
        "id": name,
        "object": "realtime.transcription_session",
        "input_audio_format": "pcm16",
        "input_audio_noise_reduction": None,
        "input_audio_transcription": _transcription(session, model),
        "turn_detection": _turn_detection(session, silence_ms),
        "include": session.include,
    }


def item(name: str) -> Event:
    """Returns the message of a conversation that stands for an utterance."""
    return {
        "id": name,
        "object": "realtime.item",
        "type": "message",
        "status": "completed",
        "role": "user",
        "content": [{"type": "input_audio", "transcript": None}],
    }


def delta(name: str, text: str) -> Event:
    """Returns more of an item's text."""
    return event(f"{_TRANSCRIPTION}.delta", item_id=name, content_index=0, delta=text)


def completed(name: str, text: str, seconds: float, languages: Sequence[str]) -> Event:
    """Returns an item's whole text."""
    return event(
        f"{_TRANSCRIPTION}.completed",
        item_id=name,
        content_index=0,
        transcript=text,
        languages=[{"code": language} for language in languages],
        usage={"type": "duration", "seconds": round(seconds, 3)},
    )


def failed(name: str, error: ServiceError) -> Event:
    """Returns why an item has no text."""
    told = error_object(error)
    return event(f"{_TRANSCRIPTION}.failed", item_id=name, content_index=0, error=told)


def logprobs(words: Sequence[Word]) -> list[Event]:
    """Returns how sure each word is, for those of which the model tells it."""
    return [
        {
            "token": word.text,
            "bytes": list(word.text.encode()),
            "logprob": round(math.log(max(word.confidence, _LEAST_PROBABILITY)), 4),
        }
        for word in words
        if word.confidence is not None
    ]


def _transcription(session: Session, model: str) -> Event:
    given = session.audio.input.transcription
    return {
        "model": given.model or model,
        "language": given.language,
        "prompt": given.prompt,
        "keywords": given.keywords,
    }


def _turn_detection(session: Session, silence_ms: int | None) -> Event | None:
    given = session.audio.input.turn_detection
    if given is None or silence_ms is None:
        return None
    told = given.model_dump(exclude_none=True)
    return told | {"silence_duration_ms": silence_ms} if given.type == "server_vad" else told
