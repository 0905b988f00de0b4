"""What clients of the HTTP port send when they mean it; what is wrong is made from these."""

import base64
import io
import wave
from dataclasses import dataclass
from typing import Any

from tests.support.speech import SPEECH

Json = dict[str, Any]

WORD = SPEECH[: 16_000 * 2 // 2]
"""Half a second."""


@dataclass(frozen=True)
class Form:
    """A form with an audio file."""

    fields: Json
    file: bytes


@dataclass(frozen=True)
class HttpRequest:
    """One request on a connection of its own."""

    method: str
    path: str
    body: Json | Form | None = None


@dataclass(frozen=True)
class Talk:
    """One client of a WebSocket: texts are JSON, binary messages are audio."""

    path: str
    messages: tuple[Json | bytes, ...]


def _wav(pcm: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as output:
        output.setparams((1, 2, 16_000, 0, "NONE", ""))
        output.writeframes(pcm)
    return file.getvalue()


_COMMON = tuple(
    HttpRequest("GET", path)
    for path in (
        "/health",
        "/status",
        "/metrics",
        "/",
        "/v1/models",
        "/v1/requests",
        "/v1/settings",
    )
)

TRANSCRIBE = HttpRequest(
    "POST", "/v1/audio/transcriptions", Form({"model": "demo", "language": "en"}, _wav(SPEECH))
)
SPEECH_TO_TEXT_REQUESTS = (
    *_COMMON,
    HttpRequest("GET", "/v1/models/demo"),
    HttpRequest("GET", "/v1/listen/schema"),
    HttpRequest("GET", "/v1/home"),
    HttpRequest("POST", "/v1/audio/translations", Form({"model": "demo"}, _wav(WORD))),
    *[
        HttpRequest("POST", "/v1/audio/transcriptions", Form(fields, _wav(WORD)))
        for fields in (
            {"model": "whisper-1", "language": "en", "prompt": "attic, Zephyr", "stream": "true"},
            {"model": "demo", "response_format": "verbose_json", "temperature": "0",
             "timestamp_granularities[]": "word", "languages[]": "en", "keywords[]": "attic"},
        )
    ],
)  # fmt: skip
SPEECH_TO_TEXT_TALKS = (
    Talk(
        "/v1/listen",
        (
            {"type": "start", "model": "demo", "language": "en", "names": ["attic"],
             "endpointing": {"silence_ms": 300}, "partials": True,
             "audio": {"encoding": "pcm_s16le", "rate": 16_000, "channels": 1}},
            WORD,
            {"type": "configure", "language": None, "endpointing": False},
            {"type": "flush"},
            {"type": "cancel"},
            {"type": "close"},
        ),
    ),
    Talk(
        "/funasr",
        (
            {"mode": "2pass", "wav_name": "w", "wav_format": "pcm", "audio_fs": 16_000,
             "is_speaking": True, "hotwords": '{"attic": 20}', "itn": True, "svs_lang": "en",
             "svs_itn": True, "model": "demo", "chunk_size": [5, 10, 5]},
            WORD,
            {"is_speaking": False, "is_end": True},
        ),
    ),
    Talk("/", ({"mode": "offline", "wav_name": "w"}, _wav(WORD), {"is_speaking": False})),
    Talk(
        "/v1/realtime?intent=transcription",
        (
            {"type": "session.update", "event_id": "e", "session": {
                "type": "transcription",
                "audio": {"input": {
                    "format": {"type": "audio/pcm", "rate": 24_000},
                    "transcription": {"model": "demo", "language": "en", "prompt": "attic"},
                    "turn_detection": {"type": "server_vad", "silence_duration_ms": 300},
                }},
            }},
            {"type": "transcription_session.update", "session": {
                "input_audio_format": "pcm16",
                "turn_detection": {"type": "semantic_vad", "eagerness": "low"}}},
            {"type": "input_audio_buffer.append", "audio": base64.b64encode(WORD).decode()},
            {"type": "input_audio_buffer.commit"},
            {"type": "input_audio_buffer.clear"},
        ),
    ),
)  # fmt: skip

SPEAK = HttpRequest(
    "POST", "/v1/audio/speech", {"input": "Good morning.", "response_format": "wav"}
)
TEXT_TO_SPEECH_REQUESTS = (
    *_COMMON,
    HttpRequest("GET", "/v1/audio/voices"),
    HttpRequest("GET", "/v1/speak/schema.json"),
    HttpRequest("GET", "/v1/voices"),
    HttpRequest("POST", "/v1/voices/ZZ/download"),
    HttpRequest("DELETE", "/v1/voices/ZZ"),
    *[
        HttpRequest("POST", "/v1/audio/speech", {"input": "Good morning.", **more})
        for more in (
            {"model": "tts-1", "voice": "demo", "response_format": "pcm", "speed": 1.5},
            {"model": "melotts", "voice": {"id": "demo"}, "language": "en",
             "response_format": "wav", "stream_format": "sse"},
        )
    ],
)  # fmt: skip
TEXT_TO_SPEECH_TALKS = (
    Talk(
        "/v1/speak",
        (
            {"type": "start", "voice": "demo", "language": "en", "speed": 1.2,
             "text_format": "text", "encoding": "pcm16", "sample_rate_hz": 16_000},
            {"type": "text", "text": "Good "},
            {"type": "text", "text": "morning."},
            {"type": "flush"},
            {"type": "cancel"},
            {"type": "close"},
        ),
    ),
)  # fmt: skip
