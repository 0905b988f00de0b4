"""What is published: an event for each transcript, and how Home Assistant finds them.

The discovery message is described in Home Assistant's documentation, "MQTT Event" and "MQTT
discovery".
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from wyoming_funasr.requests.events import Final
from wyoming_funasr.settings import EventKind
from wyoming_serving import __version__

SPEECH, OTHER, NOTHING = "speech", "other", "nothing"
EVENT_TYPES = (SPEECH, *get_args(EventKind), OTHER, NOTHING)
"""What was heard: speech, a kind of sound, a sound of no known kind, or nothing at all."""

ONLINE, OFFLINE = "online", "offline"

_PROGRAM = "wyoming-funasr"
_DISCOVERY_PREFIX = "homeassistant"
"""Home Assistant's default."""


@dataclass(frozen=True)
class Message:
    """One message to a broker; one that is `retained` is told to those who subscribe later."""

    topic: str
    payload: str
    retained: bool = False


@dataclass(frozen=True)
class Topics:
    """The topics below one that is the service's own."""

    base: str

    @property
    def transcript(self) -> str:
        """An event for each transcript."""
        return f"{self.base}/transcript"

    @property
    def status(self) -> str:
        """Whether the service is connected: `online` or `offline`."""
        return f"{self.base}/status"


def default_topic(instance: str) -> str:
    """Returns the topic of the service with this name."""
    name = re.sub(r"[^\w-]+", "-", instance).strip("-")
    return f"{_PROGRAM}/{name or 'host'}"


def event(
    final: Final, at: datetime, client: str | None, request: str, *, texts: bool
) -> dict[str, object]:
    """Returns what is told of a transcript; docs/automations.md describes the keys.

    `texts` adds what was said and what follows from it alone.
    """
    heard = final.recognition
    told: dict[str, object] = {
        "event_type": _event_type(final),
        "time": at.isoformat(timespec="milliseconds"),
        "client": client,
        "request": request,
        "language": final.language,
        "confidence": round(heard.confidence, 4),
        "emotion": heard.emotion,
        "emotion_scores": heard.emotion_scores,
        "event": heard.event,
        "ambiguous": bool(heard.alternatives),
        "ended_by": str(final.ended_by),
        "audio_ms": final.audio_ms,
        "speech_start_ms": final.speech_start_ms,
        "speech_end_ms": final.speech_end_ms,
        "answer_ms": round(final.answer_seconds * 1000),
    }
    if texts:
        told |= {
            "text": heard.text,
            "alternatives": list(heard.alternatives),
            "intent": heard.intent,
        }
    return told


def discovery(topics: Topics, instance: str) -> Message:
    """Returns what makes Home Assistant show the transcripts as an event entity."""
    identifier = f"{_PROGRAM}-{_identifier(topics.base.removeprefix(f'{_PROGRAM}/'))}"
    config = {
        "name": "Heard",
        "unique_id": f"{identifier}-heard",
        "icon": "mdi:ear-hearing",
        "state_topic": topics.transcript,
        "event_types": EVENT_TYPES,
        "availability_topic": topics.status,
        "payload_available": ONLINE,
        "payload_not_available": OFFLINE,
        "device": {
            "identifiers": [identifier],
            "name": instance,
            "model": _PROGRAM,
            "sw_version": __version__,
        },
        "origin": {"name": _PROGRAM, "sw_version": __version__},
    }
    topic = f"{_DISCOVERY_PREFIX}/event/{identifier}/config"
    return Message(topic, json.dumps(config), retained=True)


def _event_type(final: Final) -> str:
    heard = final.recognition
    if heard.event is not None and heard.event in EVENT_TYPES:
        return heard.event
    if heard.text:
        return SPEECH
    return NOTHING if heard.event is None else OTHER


def _identifier(topic: str) -> str:
    """The topic in the few letters that an identifier may have, different ones for each."""
    told_apart = re.sub(r"[^\x00-\x7f]", lambda match: f"{ord(match[0]):x}", topic)
    return re.sub(r"[^A-Za-z0-9_-]+", "-", told_apart)
