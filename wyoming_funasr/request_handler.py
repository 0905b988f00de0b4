"""The speech-to-text protocol: transcribe, audio-start, audio-chunk, audio-stop -> transcript."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event

from wyoming_funasr.hotwords import Hotword
from wyoming_funasr.languages import model_language, opencc_conversion
from wyoming_funasr.recogniser import Request
from wyoming_funasr.recognition import SAMPLE_RATE_HZ, Recognition
from wyoming_funasr.text import convert_script
from wyoming_serving.audio import PcmDecoder, PcmFormat, Samples, join
from wyoming_serving.errors import InvalidEvent, ServiceError
from wyoming_serving.session import Session

if TYPE_CHECKING:
    from wyoming_funasr.service import FunasrService


@dataclass
class _Utterance:
    """What has come of one request so far."""

    started_at: float
    language_tag: str | None = None
    language: str = "auto"
    hotwords: tuple[Hotword, ...] = ()
    default_format: PcmFormat | None = None
    format: PcmFormat | None = None
    decoder: PcmDecoder | None = None
    pieces: list[Samples] = field(default_factory=list)
    samples: int = 0
    truncated: bool = False
    answered: bool = False


class RequestHandler:
    """Collects one client's audio and answers with its transcript."""

    def __init__(self, service: "FunasrService", session: Session) -> None:
        self._service = service
        self._session = session
        self._utterance: _Utterance | None = None

    @property
    def in_request(self) -> bool:
        return self._utterance is not None

    async def handle(self, event: Event) -> None:
        self._check_age()
        if Transcribe.is_type(event.type):
            self._begin(event.data)
        elif AudioStart.is_type(event.type):
            self._current().default_format = _format(event.data)
        elif AudioChunk.is_type(event.type):
            await self._take_audio(event)
        elif AudioStop.is_type(event.type):
            await self._finish()

    def _begin(self, data: dict[str, Any]) -> None:
        settings, model = self._service.settings, self._service.model
        name = _text(data, "name")
        if name is not None and name != model.name:
            raise ServiceError(
                "unknown-model", f"model {name!r} is not loaded; allowed: {model.name}"
            )
        tag = _text(data, "language")
        self._utterance = _Utterance(
            started_at=asyncio.get_running_loop().time(),
            language_tag=tag,
            language=model_language(tag, settings.language, model.languages),
            hotwords=self._service.hotwords(
                _words(data, "transcript_names"), _words(data, "transcript_terms")
            ),
        )

    def _current(self) -> _Utterance:
        """The request under way; audio without `transcribe` begins one with the defaults."""
        if self._utterance is None:
            self._begin({})
        assert self._utterance is not None
        return self._utterance

    async def _take_audio(self, event: Event) -> None:
        utterance = self._current()
        if utterance.answered or not event.payload:
            return
        given = _format(event.data) if "rate" in event.data else utterance.default_format
        if given is None:
            raise InvalidEvent("audio-chunk needs rate, width and channels, or an audio-start")
        if utterance.decoder is None or given != utterance.format:
            self._flush(utterance)
            utterance.format, utterance.decoder = given, PcmDecoder(given, SAMPLE_RATE_HZ)
        self._keep(utterance, utterance.decoder.decode(event.payload))
        if utterance.truncated:
            await self._answer(utterance)

    async def _finish(self) -> None:
        utterance = self._current()
        if not utterance.answered:
            self._flush(utterance)
            await self._answer(utterance)
        self._utterance = None

    def _flush(self, utterance: _Utterance) -> None:
        if utterance.decoder is not None:
            self._keep(utterance, utterance.decoder.decode(b"", last=True))

    def _keep(self, utterance: _Utterance, samples: Samples) -> None:
        most = int(self._service.settings.max_utterance_seconds * SAMPLE_RATE_HZ)
        room = most - utterance.samples
        utterance.truncated |= len(samples) > room
        utterance.pieces.append(samples[:room])
        utterance.samples += min(len(samples), room)

    async def _answer(self, utterance: _Utterance) -> None:
        """Recognise what was kept; audio that still comes for this request is dropped."""
        utterance.answered = True
        await self._session.answer(self._transcribe(utterance))

    async def _transcribe(self, utterance: _Utterance) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        request = Request(
            join(utterance.pieces),
            utterance.language,
            self._service.settings.use_itn,
            utterance.hotwords,
        )
        utterance.pieces.clear()
        heard = await self._service.recognize(request)
        conversion = opencc_conversion(
            utterance.language_tag or heard.language, self._service.settings.chinese_script
        )
        seconds = loop.time() - started
        context = context_of(heard, request, truncated=utterance.truncated, seconds=seconds)
        text = convert_script(heard.text, conversion)
        language = heard.language or (utterance.language if text else None)
        await self._session.send(Transcript(text=text, language=language, context=context))

    def _check_age(self) -> None:
        most = self._service.settings.max_request_seconds
        utterance = self._utterance
        if utterance and asyncio.get_running_loop().time() - utterance.started_at > most:
            raise ServiceError("request-timeout", f"a request may last {most:g} s at most")


def context_of(
    heard: Recognition, request: Request, *, truncated: bool, seconds: float
) -> dict[str, Any]:
    """The keys are described in docs/protocol.md."""
    return {
        "confidence": round(heard.confidence, 4),
        "emotion": heard.emotion,
        "emotion_scores": heard.emotion_scores,
        "event": heard.event,
        "words": [
            {
                "text": word.text,
                "start_ms": word.start_ms,
                "end_ms": word.end_ms,
                "confidence": word.confidence,
            }
            for word in heard.words
        ],
        "audio_ms": round(request.seconds * 1000),
        "recognition_ms": round(seconds * 1000),
        "truncated": truncated,
    }


def _format(data: dict[str, Any]) -> PcmFormat:
    return PcmFormat.checked(data.get("rate"), data.get("width"), data.get("channels"))


def _text(data: dict[str, Any], name: str) -> str | None:
    value = data.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidEvent(f"transcribe: {name} must be text, got {str(value)[:40]!r}")
    return value


def _words(data: dict[str, Any], name: str) -> list[str]:
    value = data.get(name) or []
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise InvalidEvent(f"transcribe: {name} must be a list of texts")
    return value
