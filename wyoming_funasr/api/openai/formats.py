"""Transcriptions as OpenAI's API writes them."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

from wyoming_funasr.api.openai.parameters import Granularity, Parameters, ResponseFormat
from wyoming_funasr.recognition.text import join
from wyoming_funasr.recordings.transcription import TranscribedStretch

CONTENT_TYPES = {
    ResponseFormat.JSON: "application/json",
    ResponseFormat.VERBOSE_JSON: "application/json",
    ResponseFormat.TEXT: "text/plain",
    ResponseFormat.SRT: "application/x-subrip",
    ResponseFormat.VTT: "text/vtt",
}

_LEAST_PROBABILITY = 1e-6


@dataclass(frozen=True)
class Transcription:
    """Everything that was said in a recording."""

    stretches: Sequence[TranscribedStretch]
    seconds: float
    """Length of the recording."""
    language: str
    """Of the longest text, or what was asked for."""

    @property
    def text(self) -> str:
        """The whole text."""
        return join([one.recognition.text for one in self.stretches])


def written(transcription: Transcription, parameters: Parameters) -> str:
    """Returns the body of an answer; takes long for long recordings, so it is work for a worker."""
    match parameters.format:
        case ResponseFormat.TEXT:
            return f"{transcription.text}\n"
        case ResponseFormat.SRT:
            return _srt(transcription.stretches)
        case ResponseFormat.VTT:
            return _vtt(transcription.stretches)
        case ResponseFormat.VERBOSE_JSON:
            return _json(_verbose(transcription, parameters.granularities))
        case ResponseFormat.JSON:
            return _json({"text": transcription.text, "usage": _usage(transcription)})


def delta_event(text: str) -> bytes:
    """Returns the server-sent event for text that follows what was sent."""
    return _event({"type": "transcript.text.delta", "delta": text})


def done_event(transcription: Transcription) -> bytes:
    """Returns the server-sent event that ends a stream."""
    usage = _usage(transcription)
    return _event({"type": "transcript.text.done", "text": transcription.text, "usage": usage})


def error_event(error: dict[str, str | None]) -> bytes:
    """Returns the server-sent event for a failure behind the first text."""
    return _event({"error": error})


def language_of(stretches: Sequence[TranscribedStretch], asked: str) -> str:
    """Returns the language in which most was said; `asked` where the model does not tell it."""
    said: dict[str, int] = {}
    for one in stretches:
        if one.recognition.language is not None:
            said.setdefault(one.recognition.language, 0)
            said[one.recognition.language] += len(one.recognition.text)
    return max(said, key=lambda language: said[language], default=asked)


def _verbose(
    transcription: Transcription, granularities: Sequence[Granularity]
) -> dict[str, object]:
    content: dict[str, object] = {
        "task": "transcribe",
        "language": transcription.language,
        "duration": round(transcription.seconds, 3),
        "text": transcription.text,
    }
    if Granularity.SEGMENT in granularities:
        content["segments"] = [
            _segment(number, one) for number, one in enumerate(transcription.stretches)
        ]
    if Granularity.WORD in granularities:
        content["words"] = [
            {"word": word.text, "start": word.start_ms / 1000, "end": word.end_ms / 1000}
            for one in transcription.stretches
            for word in one.recognition.words
        ]
    return content | {"usage": _usage(transcription)}


def _segment(number: int, one: TranscribedStretch) -> dict[str, object]:
    """A segment; what Whisper alone has is there with a value that says nothing."""
    recognition = one.recognition
    return {
        "id": number,
        "seek": 0,
        "start": one.start_ms / 1000,
        "end": one.end_ms / 1000,
        "text": recognition.text,
        "tokens": [],
        "temperature": 0.0,
        "avg_logprob": round(math.log(max(recognition.confidence, _LEAST_PROBABILITY)), 4),
        "compression_ratio": 1.0,
        "no_speech_prob": 0.0,
        "language": recognition.language,
        "confidence": round(recognition.confidence, 4),
        "emotion": recognition.emotion,
        "event": recognition.event,
    }


def _usage(transcription: Transcription) -> dict[str, object]:
    return {"type": "duration", "seconds": round(transcription.seconds, 3)}


def _srt(stretches: Sequence[TranscribedStretch]) -> str:
    cues = (
        f"{number}\n{_time(one.start_ms, ',')} --> {_time(one.end_ms, ',')}\n"
        f"{one.recognition.text}\n\n"
        for number, one in enumerate(stretches, start=1)
    )
    return "".join(cues)


def _vtt(stretches: Sequence[TranscribedStretch]) -> str:
    cues = (
        f"{_time(one.start_ms, '.')} --> {_time(one.end_ms, '.')}\n"
        f"{_escaped(one.recognition.text)}\n\n"
        for one in stretches
    )
    return "WEBVTT\n\n" + "".join(cues)


def _escaped(text: str) -> str:
    """Text as WebVTT's cues hold it, which know tags."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _time(ms: int, point: str) -> str:
    """A time as subtitles have it: `01:02:03,456`."""
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{point}{ms:03d}"


def _json(content: dict[str, object]) -> str:
    return json.dumps(content, ensure_ascii=False)


def _event(content: dict[str, object]) -> bytes:
    return f"data: {_json(content)}\n\n".encode()
