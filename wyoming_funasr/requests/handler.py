"""The speech-to-text protocol: transcribe, audio-start, audio-chunk, audio-stop -> transcript."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wyoming.asr import Transcribe
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event

from wyoming_funasr.audio.fbank import SAMPLE_RATE_HZ
from wyoming_funasr.requests.languages import model_language
from wyoming_funasr.requests.utterance import Listening, Wishes
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.audio import PcmDecoder, PcmFormat, Samples
from wyoming_serving.errors import ErrorCode, InvalidEvent, ServiceError
from wyoming_serving.session import Client

if TYPE_CHECKING:
    from wyoming_funasr.service import FunasrService


@dataclass
class _Request:
    """What has come of one request so far."""

    started_at: float
    wishes: Wishes
    default_format: PcmFormat | None = None
    format: PcmFormat | None = None
    decoder: PcmDecoder | None = None
    listening: Listening | None = None
    samples: int = 0


class RequestHandler:
    """Takes one client's requests, and has each listened to."""

    def __init__(self, service: "FunasrService", session: Client) -> None:
        self._service = service
        self._session = session
        self._request: _Request | None = None

    @property
    def in_request(self) -> bool:
        return self._request is not None

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
                ErrorCode.UNKNOWN_MODEL, f"model {name!r} is not loaded; allowed: {model.name}"
            )
        tag = _text(data, "language")
        wishes = Wishes(
            language_tag=tag,
            language=model_language(tag, settings.language, model.languages),
            hotwords=self._service.hotwords(
                _words(data, "transcript_names"), _words(data, "transcript_terms")
            ),
            silence_ms=_silence_ms(settings, _text(data, "vad_sensitivity")),
        )
        if self._request is not None and self._request.listening is not None:
            self._request.listening.abandon()
        self._request = _Request(asyncio.get_running_loop().time(), wishes)

    def _current(self) -> _Request:
        """The request under way; audio without `transcribe` begins one with the defaults."""
        if self._request is None:
            self._begin({})
        assert self._request is not None
        return self._request

    async def _take_audio(self, event: Event) -> None:
        request = self._current()
        listening = await self._listening(request)
        if listening.ended or not event.payload:
            return
        given = _format(event.data) if "rate" in event.data else request.default_format
        if given is None:
            raise InvalidEvent("audio-chunk needs rate, width and channels, or an audio-start")
        if request.decoder is None or given != request.format:
            self._flush(request, listening)
            request.format, request.decoder = given, PcmDecoder(given, SAMPLE_RATE_HZ)
        self._pass_on(request, listening, request.decoder.decode(event.payload))

    async def _finish(self) -> None:
        request = self._current()
        listening = await self._listening(request)
        self._flush(request, listening)
        listening.end("audio-stop")
        self._request = None

    async def _listening(self, request: _Request) -> Listening:
        """Who listens to this request, from its first audio on."""
        if request.listening is None:
            request.listening = Listening(self._service, self._session, request.wishes)
            await self._session.answer(request.listening.run())
        return request.listening

    def _flush(self, request: _Request, listening: Listening) -> None:
        if request.decoder is not None:
            self._pass_on(request, listening, request.decoder.decode(b"", last=True))

    def _pass_on(self, request: _Request, listening: Listening, samples: Samples) -> None:
        most = int(self._service.settings.max_utterance_seconds * SAMPLE_RATE_HZ)
        room = most - request.samples
        request.samples += min(len(samples), room)
        listening.hear(samples[:room])
        if len(samples) > room:
            listening.end("limit")

    def _check_age(self) -> None:
        most = self._service.settings.max_request_seconds
        request = self._request
        if request and asyncio.get_running_loop().time() - request.started_at > most:
            raise ServiceError(ErrorCode.REQUEST_TIMEOUT, f"a request may last {most:g} s at most")


def _format(data: dict[str, Any]) -> PcmFormat:
    return PcmFormat.checked(data.get("rate"), data.get("width"), data.get("channels"))


def _text(data: dict[str, Any], name: str) -> str | None:
    value = data.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidEvent(f"transcribe: {name} must be text, got {str(value)[:40]!r}")
    return value


def _silence_ms(settings: FunasrSettings, sensitivity: str | None) -> int:
    """The silence that ends an utterance, by the client's `vad_sensitivity`."""
    known = {
        None: settings.endpoint_silence_ms,
        "default": settings.endpoint_silence_ms,
        "relaxed": settings.endpoint_silence_relaxed_ms,
        "aggressive": settings.endpoint_silence_aggressive_ms,
    }
    if sensitivity not in known:
        given = str(sensitivity)[:40]
        raise InvalidEvent(
            f"transcribe: vad_sensitivity must be default, relaxed or aggressive, got {given!r}"
        )
    return known[sensitivity]


def _words(data: dict[str, Any], name: str) -> list[str]:
    value = data.get(name) or []
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise InvalidEvent(f"transcribe: {name} must be a list of texts")
    return value
