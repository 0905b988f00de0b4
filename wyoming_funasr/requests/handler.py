"""The speech-to-text protocol: transcribe, audio-start, audio-chunk, audio-stop -> transcript."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wyoming.asr import Transcribe
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event

from wyoming_funasr.audio.pcm import BLOCK_SECONDS
from wyoming_funasr.requests.endpointing import EndedBy
from wyoming_funasr.requests.events import EventSink
from wyoming_funasr.requests.feed import AudioFeed
from wyoming_funasr.requests.options import OptionsReader, RequestOptions, dialog_context
from wyoming_funasr.requests.transcript import TranscriptEvents
from wyoming_funasr.requests.utterance import Utterance, UtteranceState
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.audio import PcmFormat
from wyoming_serving.errors import ErrorCode, InvalidEvent, ServiceError
from wyoming_serving.session import Client


@dataclass
class _Request:
    """What has come of one request so far; its utterance begins with its first audio."""

    options: RequestOptions
    context: dict[str, Any]
    feed: AudioFeed
    started_at: float
    default_format: PcmFormat | None = None
    utterance: Utterance | None = None


class RequestHandler:
    """Parses one client's events and passes them to the utterance of the request under way."""

    def __init__(
        self,
        client: Client,
        options: OptionsReader,
        begin: Callable[[RequestOptions, AudioFeed, EventSink], Utterance],
        settings: FunasrSettings,
    ) -> None:
        """`begin` makes the utterance of a request that has these options."""
        self._client = client
        self._options = options
        self._begin = begin
        self._settings = settings
        self._request: _Request | None = None

    @property
    def in_request(self) -> bool:
        return self._request is not None

    async def handle(self, event: Event) -> None:
        self._check_age()
        if Transcribe.is_type(event.type):
            self._start(event.data)
        elif AudioStart.is_type(event.type):
            self._current().default_format = _format(event.data)
        elif AudioChunk.is_type(event.type):
            await self._take_chunk(event)
        elif AudioStop.is_type(event.type):
            request = self._current()
            request.feed.end(EndedBy.AUDIO_STOP)
            await self._utterance(request)
            self._request = None

    def _start(self, data: dict[str, Any]) -> _Request:
        """Begin a request; one without its `audio-stop` yet is abandoned."""
        options = self._options.read(data, self._client.program)
        context = dialog_context(data)
        if self._request is not None and self._request.utterance is not None:
            self._request.utterance.abandon()
            self._request.feed.end(EndedBy.AUDIO_STOP)
        # a little more than an utterance takes shows that there was more
        feed = AudioFeed(self._settings.max_utterance_seconds + BLOCK_SECONDS)
        self._request = _Request(options, context, feed, asyncio.get_running_loop().time())
        return self._request

    def _current(self) -> _Request:
        """The request under way; audio without `transcribe` begins one with the defaults."""
        return self._request or self._start({})

    async def _utterance(self, request: _Request) -> Utterance:
        """The request's utterance, which is answered while further events are read."""
        if request.utterance is None:
            events = TranscriptEvents(
                self._client.send,
                request.context,
                chunks=self._settings.partial_transcripts,
                voice_events=self._settings.voice_events,
            )
            request.utterance = self._begin(request.options, request.feed, events)
            await self._client.answer(request.utterance.run(), request.utterance.report)
        return request.utterance

    async def _take_chunk(self, event: Event) -> None:
        request = self._current()
        utterance = await self._utterance(request)
        if utterance.state is not UtteranceState.OPEN or not event.payload:
            return
        pcm = _format(event.data) if "rate" in event.data else request.default_format
        if pcm is None:
            raise InvalidEvent("audio-chunk needs rate, width and channels, or an audio-start")
        request.feed.put(pcm, event.payload)

    def _check_age(self) -> None:
        most = self._settings.max_request_seconds
        request = self._request
        if request and asyncio.get_running_loop().time() - request.started_at > most:
            raise ServiceError(ErrorCode.REQUEST_TIMEOUT, f"a request may last {most:g} s at most")


def _format(data: dict[str, Any]) -> PcmFormat:
    return PcmFormat.checked(data.get("rate"), data.get("width"), data.get("channels"))
