"""Speech to text over a server's `/v1/listen`."""

import asyncio
import time
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from livekit import rtc
from livekit.agents import (
    DEFAULT_API_CONNECT_OPTIONS,
    APIConnectionError,
    APIConnectOptions,
    LanguageCode,
    stt,
    utils,
)
from livekit.agents.types import NOT_GIVEN, NotGivenOr
from livekit.agents.utils import AudioBuffer, is_given
from livekit.agents.voice.io import TimedString
from livekit.plugins.wyoming.connection import Server, api_error, messages
from livekit.plugins.wyoming.log import logger

_PATH = "/v1/listen"
_RATE_HZ = 16_000
_CHUNK_MS = 50
_UNKNOWN = LanguageCode("und")
_KNOWN_ELSEWHERE = frozenset({"type", "utterance", "text", "language", "confidence", "words"})
"""Fields of a transcript that LiveKit has its own places for."""


@dataclass
class _Options:
    language: str | None
    keyterms: list[str]
    silence_ms: int | None
    interim_results: bool
    session_keyterms: list[str] = field(default_factory=list)

    def message(self) -> dict[str, Any]:
        """What the server is told of them."""
        return {
            "language": self.language,
            "names": list(dict.fromkeys([*self.keyterms, *self.session_keyterms])),
            "endpointing": True if self.silence_ms is None else {"silence_ms": self.silence_ms},
            "partials": self.interim_results,
        }


class STT(stt.STT[Any]):
    """A wyoming-funasr server, which finds the ends of utterances itself."""

    def __init__(
        self,
        *,
        base_url: str = "http://127.0.0.1:8080",
        token: str | None = None,
        language: str | None = None,
        keyterms: Sequence[str] = (),
        silence_ms: int | None = None,
        interim_results: bool = True,
        http_session: aiohttp.ClientSession | None = None,
    ) -> None:
        """
        Args:
            base_url: The server's.
            token: One of its bearer tokens; by default `WYOMING_TOKEN` of the environment.
            language: A tag such as `zh-TW`; by default the model hears which it is.
            keyterms: Names and rare words to listen for.
            silence_ms: Silence that ends an utterance; by default the server's setting.
            interim_results: Whether to get the text so far.
            http_session: By default that of the job.
        """
        super().__init__(
            capabilities=stt.STTCapabilities(
                streaming=True,
                interim_results=interim_results,
                aligned_transcript="word",
                offline_recognize=True,
                keyterms=True,
                manual_flush=True,
            )
        )
        self._server = Server(base_url, token, http_session)
        self._options = _Options(language, list(keyterms), silence_ms, interim_results)
        self._streams = weakref.WeakSet[RecognizeStream]()

    @property
    def model(self) -> str:
        """The family of models."""
        return "funasr"

    @property
    def provider(self) -> str:
        """Whose it is."""
        return "wyoming"

    def update_options(
        self,
        *,
        language: NotGivenOr[str | None] = NOT_GIVEN,
        keyterms: NotGivenOr[Sequence[str]] = NOT_GIVEN,
        silence_ms: NotGivenOr[int | None] = NOT_GIVEN,
    ) -> None:
        """Change what is listened for, also in the streams that there are."""
        if is_given(language):
            self._options.language = language
        if is_given(keyterms):
            self._options.keyterms = list(keyterms)
        if is_given(silence_ms):
            self._options.silence_ms = silence_ms
        self._configure_streams()

    def stream(
        self,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> "RecognizeStream":
        """Returns a stream of audio to push frames to; see `stt.STT.stream`."""
        stream = RecognizeStream(
            stt=self,
            server=self._server,
            options=self._options,
            language=language if is_given(language) else None,
            conn_options=conn_options,
        )
        self._streams.add(stream)
        return stream

    async def aclose(self) -> None:
        """Close all streams."""
        for stream in list(self._streams):
            await stream.aclose()

    async def _recognize_impl(
        self,
        buffer: AudioBuffer,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions,
    ) -> stt.SpeechEvent:
        frame = rtc.combine_audio_frames(buffer)
        audio = {"rate": frame.sample_rate, "channels": frame.num_channels}
        start = {**self._options.message(), "endpointing": False, "partials": False}
        if is_given(language):
            start["language"] = language
        timeout = conn_options.timeout
        socket = await self._server.open(_PATH, {**start, "audio": audio}, timeout)
        try:
            for chunk in _chunks(frame):
                await socket.send_bytes(chunk)
            await socket.send_json({"type": "flush"})
            async with asyncio.timeout(timeout + frame.duration):
                async for message in messages(socket):
                    if isinstance(message, dict) and message["type"] == "final":
                        return stt.SpeechEvent(
                            type=stt.SpeechEventType.FINAL_TRANSCRIPT,
                            request_id=utils.shortuuid("listen_"),
                            alternatives=[_speech_data(message, 0.0, None)],
                        )
                    if isinstance(message, dict) and message["type"] == "error":
                        raise api_error(message)
            raise APIConnectionError("the server closed the connection")
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise APIConnectionError("the server does not answer") from error
        finally:
            await socket.close()

    def _update_session_keyterms(self, keyterms: list[str]) -> None:
        self._options.session_keyterms = list(keyterms)
        self._configure_streams()

    def _configure_streams(self) -> None:
        for stream in self._streams:
            stream.configure()


class RecognizeStream(stt.RecognizeStream):
    """Audio in, `stt.SpeechEvent`s out."""

    def __init__(
        self,
        *,
        stt: STT,
        server: Server,
        options: _Options,
        language: str | None,
        conn_options: APIConnectOptions,
    ) -> None:
        super().__init__(stt=stt, conn_options=conn_options, sample_rate=_RATE_HZ)
        self._server = server
        self._options = options
        self._language = language
        self._request_id = utils.shortuuid("listen_")
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._changes = asyncio.Event()
        self._is_speaking = False
        self._is_ended = False

    def configure(self) -> None:
        """Tell the server what is listened for now."""
        self._changes.set()

    async def _run(self) -> None:
        start = {**self._listening(), "audio": {"rate": _RATE_HZ}}
        socket = await self._server.open(_PATH, start, self._conn_options.timeout)
        self._changes.clear()
        work = [
            asyncio.create_task(self._send(socket), name="send"),
            asyncio.create_task(self._configure(socket), name="configure"),
        ]
        try:
            async for message in messages(socket):
                if isinstance(message, dict):
                    self._take(message)
        finally:
            await utils.aio.cancel_and_wait(*work)
            await socket.close()
            self._end_speech()
        if not self._is_ended:
            raise APIConnectionError("the server closed the connection")

    def _listening(self) -> dict[str, Any]:
        listening = self._options.message()
        return listening if self._language is None else {**listening, "language": self._language}

    async def _send(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Send audio and flushes until the input ends; a lost connection ends the reading."""
        stream = utils.audio.AudioByteStream(_RATE_HZ, 1, _RATE_HZ * _CHUNK_MS // 1000)
        is_first = True
        try:
            async for pushed in self._input_ch:
                if is_first:
                    is_first, self.start_time = False, time.time()
                if isinstance(pushed, rtc.AudioFrame):
                    frames = stream.push(pushed.data)
                else:
                    frames = stream.flush()
                for frame in frames:
                    await socket.send_bytes(frame.data.tobytes())
                if isinstance(pushed, self._FlushSentinel):
                    await socket.send_json({"type": "flush"})
            self._is_ended = True
            await socket.send_json({"type": "close"})
        except (aiohttp.ClientError, ConnectionError) as error:
            logger.debug("audio is not taken: %s", error)

    async def _configure(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        try:
            while await self._changes.wait():
                self._changes.clear()
                await socket.send_json({"type": "configure", **self._listening()})
        except (aiohttp.ClientError, ConnectionError) as error:
            logger.debug("options are not taken: %s", error)

    def _take(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "speech_started":
                self._is_speaking = True
                at = self.start_time + message["at_ms"] / 1000
                self._emit(stt.SpeechEventType.START_OF_SPEECH, speech_start_time=at)
            case "partial":
                text = message["stable"] + message["rest"]
                self._emit_text(stt.SpeechEventType.INTERIM_TRANSCRIPT, {**message, "text": text})
            case "preflight":
                self._emit_text(stt.SpeechEventType.PREFLIGHT_TRANSCRIPT, message)
            case "final":
                usage = stt.RecognitionUsage(audio_duration=message["audio_ms"] / 1000)
                self._emit(stt.SpeechEventType.RECOGNITION_USAGE, recognition_usage=usage)
                self._emit_text(stt.SpeechEventType.FINAL_TRANSCRIPT, message)
                self._end_speech(message["speech_end_ms"])
            case "cancelled":
                self._end_speech()
            case "error" if message.get("utterance") is None:
                raise api_error(message)
            case "error":
                logger.warning("an utterance is lost: %s", message["error"]["message"])
                self._end_speech()

    def _end_speech(self, at_ms: int | None = None) -> None:
        """Behind the transcript, which a turn that ends must have."""
        if self._is_speaking:
            self._is_speaking = False
            at = None if at_ms is None else self.start_time + at_ms / 1000
            self._emit(stt.SpeechEventType.END_OF_SPEECH, speech_end_time=at)

    def _emit_text(self, kind: stt.SpeechEventType, message: dict[str, Any]) -> None:
        if message["text"]:
            language = self._language or self._options.language
            self._emit(kind, alternatives=[_speech_data(message, self.start_time_offset, language)])

    def _emit(self, kind: stt.SpeechEventType, **fields: Any) -> None:
        self._event_ch.send_nowait(
            stt.SpeechEvent(type=kind, request_id=self._request_id, **fields)
        )


def _speech_data(
    message: dict[str, Any], offset_seconds: float, asked: str | None
) -> stt.SpeechData:
    """A transcript as LiveKit has it; what it has no place for goes into `metadata`."""

    def seconds(time_ms: int) -> float:
        return offset_seconds + time_ms / 1000

    words = [
        TimedString(
            text=word["text"],
            start_time=seconds(word["start_ms"]),
            end_time=seconds(word["end_ms"]),
            confidence=NOT_GIVEN if word["confidence"] is None else word["confidence"],
            start_time_offset=offset_seconds,
        )
        for word in message.get("words", [])
    ]
    start_ms, end_ms = message.get("speech_start_ms"), message.get("speech_end_ms")
    if start_ms is None and words:
        start_ms, end_ms = message["words"][0]["start_ms"], message["words"][-1]["end_ms"]
    language = message.get("language") or asked
    return stt.SpeechData(
        language=LanguageCode(language) if language else _UNKNOWN,
        text=message["text"],
        start_time=seconds(start_ms or 0),
        end_time=seconds(end_ms or 0),
        confidence=message["confidence"],
        words=words or None,
        metadata={name: message[name] for name in message.keys() - _KNOWN_ELSEWHERE},
    )


def _chunks(frame: rtc.AudioFrame) -> list[bytes]:
    """Audio in messages of a second."""
    data = frame.data.tobytes()
    size = frame.sample_rate * frame.num_channels * 2
    return [data[at : at + size] for at in range(0, len(data), size)]
