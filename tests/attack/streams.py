"""What clients of each service send when they mean it; what is wrong is made from these."""

from collections.abc import Sequence
from dataclasses import dataclass

from wyoming.asr import Transcribe
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event, Eventable
from wyoming.info import Describe
from wyoming.ping import Ping
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeVoice,
)

from tests.attack.web import (
    SPEAK,
    SPEECH_TO_TEXT_REQUESTS,
    SPEECH_TO_TEXT_TALKS,
    TEXT_TO_SPEECH_REQUESTS,
    TEXT_TO_SPEECH_TALKS,
    TRANSCRIBE,
    WORD,
    HttpRequest,
    Talk,
)
from tests.support.speech import SPEECH

_FORMAT = {"rate": 16_000, "width": 2, "channels": 1}


@dataclass(frozen=True)
class Target:
    """One kind of service, as its clients see it."""

    name: str
    streams: tuple[tuple[Event, ...], ...]
    """Each is one client's whole conversation."""
    request: tuple[Event, ...]
    """What a healthy client asks, before and after the attack."""
    answer_ends_with: str
    """The type of the event that ends the answer to `request`."""
    requests: tuple[HttpRequest, ...]
    talks: tuple[Talk, ...]
    http_request: HttpRequest
    """What a healthy client asks over HTTP."""


def _events(*items: Eventable) -> tuple[Event, ...]:
    return tuple(item.event() for item in items)


def _audio(pcm: bytes, chunk_bytes: int = 2048) -> Sequence[Eventable]:
    starts = range(0, len(pcm), chunk_bytes)
    return [AudioChunk(**_FORMAT, audio=pcm[start : start + chunk_bytes]) for start in starts]


SPEECH_TO_TEXT = Target(
    "funasr",
    (
        _events(Describe(), Ping(text="hello")),
        _events(
            Transcribe(language="en", transcript_names=["kitchen", "attic"]),
            AudioStart(**_FORMAT),
            *_audio(WORD),
            AudioStop(),
        ),
        _events(AudioStart(rate=8_000, width=1, channels=2), *_audio(WORD[:8192]), AudioStop()),
        _events(Transcribe(), AudioStart(**_FORMAT), AudioStop(), Transcribe(language="zh")),
    ),
    _events(Transcribe(language="en"), AudioStart(**_FORMAT), *_audio(SPEECH), AudioStop()),
    "transcript",
    SPEECH_TO_TEXT_REQUESTS,
    SPEECH_TO_TEXT_TALKS,
    TRANSCRIBE,
)

TEXT_TO_SPEECH = Target(
    "melotts",
    (
        _events(Describe(), Ping(text="hello")),
        _events(Synthesize(text="Good morning.")),
        _events(
            SynthesizeStart(voice=SynthesizeVoice(language="en")),
            SynthesizeChunk(text="Good "),
            SynthesizeChunk(text="morning."),
            Synthesize(text="Good morning."),
            SynthesizeStop(),
        ),
        _events(Synthesize(text="Good morning.", voice=SynthesizeVoice(name="demo"))),
    ),
    _events(Synthesize(text="Good morning.")),
    "audio-stop",
    TEXT_TO_SPEECH_REQUESTS,
    TEXT_TO_SPEECH_TALKS,
    SPEAK,
)
