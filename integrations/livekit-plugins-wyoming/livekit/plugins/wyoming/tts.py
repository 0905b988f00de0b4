"""Text to speech over a server's `/v1/speak`."""

import asyncio
import weakref
from typing import Any

import aiohttp
from livekit.agents import (
    DEFAULT_API_CONNECT_OPTIONS,
    APIConnectionError,
    APIConnectOptions,
    tts,
    utils,
)
from livekit.agents.types import NOT_GIVEN, NotGivenOr
from livekit.agents.utils import is_given
from livekit.agents.voice.io import TimedString
from livekit.plugins.wyoming.alignment import Alignment
from livekit.plugins.wyoming.connection import Server, api_error, messages

_MAX_IDLE_SECONDS = 240.0
"""Servers end a session that says nothing for 300 s."""


class TTS(tts.TTS[Any]):
    """A wyoming-melotts server, which speaks each sentence once it is complete."""

    def __init__(
        self,
        *,
        base_url: str = "http://127.0.0.1:8080",
        token: str | None = None,
        voice: str | None = None,
        language: str | None = None,
        speed: float = 1.0,
        sample_rate: int = 24_000,
        http_session: aiohttp.ClientSession | None = None,
    ) -> None:
        """
        Args:
            base_url: The server's.
            token: One of its bearer tokens; by default `WYOMING_TOKEN` of the environment.
            voice: One of the server's; by default one that fits the language, or else the text.
            language: A tag such as `en-GB`.
            speed: Relative to the server's.
            sample_rate: Of the audio, in Hz.
            http_session: By default that of the job.
        """
        super().__init__(
            capabilities=tts.TTSCapabilities(streaming=True, aligned_transcript=True),
            sample_rate=sample_rate,
            num_channels=1,
        )
        self._server = Server(base_url, token, http_session)
        self._start: dict[str, Any] = {
            "voice": voice,
            "language": language,
            "speed": speed,
            "sample_rate_hz": sample_rate,
        }
        self._pool = utils.ConnectionPool[aiohttp.ClientWebSocketResponse](
            connect_cb=self._open,
            close_cb=_close,
            max_session_duration=_MAX_IDLE_SECONDS,
            mark_refreshed_on_get=True,
        )
        self._streams = weakref.WeakSet[SynthesizeStream]()

    @property
    def model(self) -> str:
        """The family of models."""
        return "melotts"

    @property
    def provider(self) -> str:
        """Whose it is."""
        return "wyoming"

    def update_options(
        self,
        *,
        voice: NotGivenOr[str | None] = NOT_GIVEN,
        language: NotGivenOr[str | None] = NOT_GIVEN,
        speed: NotGivenOr[float] = NOT_GIVEN,
    ) -> None:
        """Change how the next texts are spoken."""
        given = {"voice": voice, "language": language, "speed": speed}
        self._start.update({name: value for name, value in given.items() if is_given(value)})
        self._pool.invalidate()

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.ChunkedStream:
        """Speak a whole text; see `tts.TTS.synthesize`."""
        return self._synthesize_with_stream(text, conn_options=conn_options)

    def stream(
        self, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> "SynthesizeStream":
        """Speak a text that comes in pieces; see `tts.TTS.stream`."""
        stream = SynthesizeStream(tts=self, pool=self._pool, conn_options=conn_options)
        self._streams.add(stream)
        return stream

    def prewarm(self) -> None:
        """Connect before the first text."""
        self._pool.prewarm()

    async def aclose(self) -> None:
        """Close all streams and connections."""
        for stream in list(self._streams):
            await stream.aclose()
        await self._pool.aclose()

    async def _open(self, seconds: float) -> aiohttp.ClientWebSocketResponse:
        start = {name: value for name, value in self._start.items() if value is not None}
        return await self._server.open("/v1/speak", start, seconds)


class SynthesizeStream(tts.SynthesizeStream):
    """Text in pieces in, audio and the times of its words out.

    Who closes it before its end closes its connection, and the server stops at once.
    """

    def __init__(
        self,
        *,
        tts: TTS,
        pool: utils.ConnectionPool[aiohttp.ClientWebSocketResponse],
        conn_options: APIConnectOptions,
    ) -> None:
        super().__init__(tts=tts, conn_options=conn_options)
        self._pool = pool

    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        output_emitter.initialize(
            request_id=utils.shortuuid("speak_"),
            sample_rate=self._tts.sample_rate,
            num_channels=1,
            mime_type="audio/pcm",
            stream=True,
        )
        async with self._pool.connection(timeout=self._conn_options.timeout) as socket:
            self._acquire_time = self._pool.last_acquire_time
            self._connection_reused = self._pool.last_connection_reused
            has_text = asyncio.get_running_loop().create_future()
            sending = asyncio.create_task(self._send(socket, has_text), name="send")
            try:
                if await has_text:
                    await self._receive(socket, output_emitter)
                await sending
            except (aiohttp.ClientError, OSError) as error:
                raise APIConnectionError("the server cannot be reached") from error
            finally:
                await utils.aio.cancel_and_wait(sending)

    async def _send(
        self, socket: aiohttp.ClientWebSocketResponse, has_text: asyncio.Future[bool]
    ) -> None:
        """Send the text; says as soon as it is known whether there is one."""
        try:
            async for piece in self._input_ch:
                if isinstance(piece, self._FlushSentinel):
                    break  # LiveKit makes another stream for the next text
                self._mark_started()
                await socket.send_json({"type": "text", "text": piece})
                if not has_text.done():
                    has_text.set_result(True)
            if has_text.done():
                await socket.send_json({"type": "flush"})
        finally:
            if not has_text.done():
                has_text.set_result(False)

    async def _receive(
        self, socket: aiohttp.ClientWebSocketResponse, output_emitter: tts.AudioEmitter
    ) -> None:
        alignment = Alignment()
        output_emitter.start_segment(segment_id=utils.shortuuid("text_"))
        end = 0.0
        async for message in messages(socket):
            if isinstance(message, bytes):
                output_emitter.push(message)
                continue
            match message["type"]:
                case "sentence":
                    _push_text(output_emitter, alignment.add(_spaced(message["text"])), end, end)
                case "marks":
                    for word in message["words"]:
                        text = alignment.written(word["text"])
                        _push_text(output_emitter, text, word["start"], word["end"])
                        end = word["end"]
                case "done":
                    _push_text(output_emitter, alignment.rest(), end, end)
                    output_emitter.end_segment()
                    return
                case "error":
                    raise api_error(message)
        raise APIConnectionError("the server closed the connection")


def _push_text(output_emitter: tts.AudioEmitter, text: str, start: float, end: float) -> None:
    if text:
        output_emitter.push_timed_transcript(TimedString(text, start_time=start, end_time=end))


def _spaced(sentence: str) -> str:
    """A sentence with the space that is written behind it, in scripts that have one."""
    return sentence if sentence[-1:] >= "\u3000" else f"{sentence} "


async def _close(socket: aiohttp.ClientWebSocketResponse) -> None:
    await socket.close()
