"""What text-to-speech events hold, checked."""

from typing import Any

from wyoming.event import Event

from wyoming_melotts.requests.text_stream import TextFormat
from wyoming_melotts.voices.selection import VoiceRequest
from wyoming_serving.errors import InvalidEvent

TEXT_FORMATS = {"text": TextFormat.PLAIN, "ssml": TextFormat.SSML}


def text_of(event: Event) -> str:
    """The text of an event.

    Raises:
        InvalidEvent: there is none.
    """
    text = event.data.get("text")
    if not isinstance(text, str):
        raise InvalidEvent(f"{event.type}: text must be text, got {_shown(text)}")
    return text


def voice_of(event: Event) -> VoiceRequest | None:
    """What an event says of the voice; None where it says nothing.

    Raises:
        InvalidEvent: the voice is not an object of texts.
    """
    voice = event.data.get("voice")
    if voice is None:
        return None
    if not isinstance(voice, dict):
        raise InvalidEvent(f"{event.type}: voice must be an object, got {_shown(voice)}")
    wanted = VoiceRequest(*(_entry(voice, key) for key in ("name", "language", "speaker")))
    return None if wanted == VoiceRequest() else wanted


def format_of(event: Event) -> TextFormat:
    """How an event's text is written.

    Raises:
        InvalidEvent: in a format that is not known.
    """
    name = event.data.get("text_format")
    if name is not None and (not isinstance(name, str) or name not in TEXT_FORMATS):
        allowed = ", ".join(TEXT_FORMATS)
        raise InvalidEvent(f"{event.type}: text_format {_shown(name)}; allowed: {allowed}")
    return TextFormat.PLAIN if name is None else TEXT_FORMATS[name]


def _entry(voice: dict[str, Any], key: str) -> str | None:
    value = voice.get(key)
    if value is not None and not isinstance(value, str):
        raise InvalidEvent(f"voice: {key} must be text, got {_shown(value)}")
    return value or None


def _shown(value: object) -> str:
    return repr(str(value)[:40])
