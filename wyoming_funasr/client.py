"""A client of a server's `/v1/listen` (docs/python.md). It needs aiohttp and no engine."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing, suppress
from types import TracebackType
from typing import Annotated, Self

import aiohttp
from pydantic import Field, TypeAdapter

from wyoming_funasr.api.listen.answers import (
    Answer,
    Cancelled,
    Error,
    Final,
    Partial,
    Preflight,
    Ready,
    ServerMessage,
    SpeechEnded,
    SpeechStarted,
    Word,
)
from wyoming_funasr.api.listen.commands import Command, Listening
from wyoming_funasr.api.listen.unanswered import Unanswered
from wyoming_serving.http.client import TRY_LATER, ApiError, connect

_MESSAGE: TypeAdapter[ServerMessage] = TypeAdapter(
    Annotated[ServerMessage, Field(discriminator="type")]
)
_CLOSE_SECONDS = 2.0
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 10.0


class ListenClient:
    """Sessions with a server, each connected again where the connection was lost.

    Nothing is lost then: audio that has no answer yet, up to half a minute of it, is sent again
    over the new connection. An utterance that was begun ends with `cancelled`, and its speech is
    heard again as the next one.
    """

    def __init__(
        self, url: str, *, token: str | None = None, patience_seconds: float = 30.0
    ) -> None:
        """Connect to nothing yet.

        `url`: the server's, as http://127.0.0.1:8080. `token`: one of its bearer tokens.
        `patience_seconds`: how long to try to connect, with pauses from 0.2 to 10 s.
        """
        self._url = url
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._patience_seconds = patience_seconds
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Make ready; `listen` connects."""
        self._http = aiohttp.ClientSession(self._url, headers=self._headers)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()

    async def listen(
        self,
        audio: AsyncIterable[bytes | Command],
        listening: Listening | None = None,
        *,
        rate_hz: int = 16_000,
        channels: int = 1,
    ) -> AsyncGenerator[Answer, None]:
        """Yields what is said in a stream of audio, any number of utterances, until it ends.

        `audio`: bytes of 16-bit little-endian PCM, split anywhere, of `channels` (1 to 8)
        interleaved at `rate_hz` (8000 to 48000 Hz), as fast as they come or faster. Commands
        between them take effect at their place, or are refused by an `error` among the answers.
        What the stream raises is raised here, behind the answers to what it said before.
        `listening`: what to listen for at first.

        Answers are the server's messages (docs/listen-websocket.md) but `ready`. Utterances count
        from 1, over all connections; times are in milliseconds from the first sample of `audio`;
        confidences are from 0 to 1.

        Raises:
            ApiError: the server refused the token, the audio or `listening`; `code` is one of
                docs/protocol.md's, or the status of HTTP (`401`).
            ConnectionLost: it could not be reached for `patience_seconds`.
        """
        said = Unanswered(listening or Listening(), rate_hz * channels * 2)
        heard = _Heard(said)
        form = {"encoding": "pcm_s16le", "rate": rate_hz, "channels": channels}
        reading = asyncio.create_task(_read(audio, said), name="audio")
        pause = _FIRST_PAUSE_SECONDS
        try:
            while await said.wait():
                session = await self._connected(said, form)
                async with aclosing(session), aclosing(session.answers(said)) as answers:
                    async for answer in answers:
                        pause = _FIRST_PAUSE_SECONDS
                        yield heard.take(answer)
                if session.is_over:
                    break
                for answer in heard.lost():
                    yield answer
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            await reading  # raises what the stream raised
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _connected(self, said: Unanswered, form: dict[str, object]) -> "_Session":
        """A session that is ready, connected as often as it takes."""
        http = self._http
        assert http is not None, "use it in `async with`"
        start = {"type": "start", "audio": form, **said.listening.model_dump(mode="json")}
        return await connect(lambda: _Session.open(http, start), self._url, self._patience_seconds)


class _Session:
    """One connection."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.is_over = False
        """Whether the server has answered everything."""
        self._socket = socket
        self._all_is_said = False

    @classmethod
    async def open(cls, http: aiohttp.ClientSession, start: dict[str, object]) -> Self:
        """Connect once.

        Raises:
            ApiError: the server refused.
            OSError, aiohttp.ClientError: it cannot be reached.
        """
        timeout = aiohttp.ClientWSTimeout(ws_close=_CLOSE_SECONDS)
        session = cls(
            await http.ws_connect("/v1/listen", heartbeat=20, max_msg_size=0, timeout=timeout)
        )
        try:
            await session._socket.send_json(start)
            message = await session._receive()
            if isinstance(message, Error):
                raise ApiError(message.error.code, message.error.message)
            if not isinstance(message, Ready):
                raise ConnectionError("the server is not ready")
        except BaseException:
            await session.aclose()
            raise
        return session

    async def aclose(self) -> None:
        """Close the connection."""
        await self._socket.close()

    async def answers(self, said: Unanswered) -> AsyncGenerator[Answer, None]:
        """Say all that is said, and yield the answers; ends with the connection.

        Raises:
            ApiError: the server ended the session and will not have another such.
        """
        saying = asyncio.create_task(self._say(said), name="say")
        error: Error | None = None
        try:
            while (message := await self._receive()) is not None:
                error = message if isinstance(message, Error) else None
                if error is not None and error.error.code in TRY_LATER and not error.utterance:
                    return
                if not isinstance(message, Ready):
                    yield message
            self.is_over = self._all_is_said and self._socket.close_code == aiohttp.WSCloseCode.OK
            if error is not None and error.utterance is None and not self.is_over:
                raise ApiError(error.error.code, error.error.message)
        finally:
            saying.cancel()
            await asyncio.gather(saying, return_exceptions=True)

    async def _say(self, said: Unanswered) -> None:
        with suppress(ConnectionError):
            while (piece := await said.next()) is not None:
                if isinstance(piece, bytes):
                    await self._socket.send_bytes(piece)
                else:
                    given = piece.model_dump(mode="json", exclude_unset=True)
                    await self._socket.send_json({**given, "type": piece.type})
            await self._socket.send_json({"type": "close"})
            self._all_is_said = True

    async def _receive(self) -> ServerMessage | None:
        """The next message; None at the end of the connection."""
        message = await self._socket.receive()
        if message.type is not aiohttp.WSMsgType.TEXT:
            return None
        return _MESSAGE.validate_json(message.data, extra="ignore")


class _Heard:
    """Makes one session of those of several connections."""

    def __init__(self, said: Unanswered) -> None:
        self._said = said
        self._start_ms = said.start_ms
        self._before = 0
        self._utterance = 0
        self._is_open = False

    def take(self, answer: Answer) -> Answer:
        """Returns an answer with the number of its utterance, and its times, of the whole."""
        if answer.utterance is None:
            return answer
        self._utterance = self._before + answer.utterance
        answer = _shifted(answer, self._utterance, self._start_ms)
        self._is_open = isinstance(answer, SpeechStarted | Partial | Preflight | SpeechEnded)
        match answer:
            case Final():
                self._said.answered(answer.audio_start_ms + answer.audio_ms)
            case Cancelled():
                self._said.cancelled()
            case Error():
                self._said.forget_sent()
        return answer

    def lost(self) -> list[Answer]:
        """The connection was lost; returns what is to be told of it."""
        was_open, self._is_open = self._is_open, False
        self._said.rewind()
        self._start_ms = self._said.start_ms
        self._before = self._utterance
        return [Cancelled(utterance=self._utterance)] if was_open else []


async def _read(audio: AsyncIterable[bytes | Command], said: Unanswered) -> None:
    try:
        async for piece in audio:
            await said.add(piece)
    finally:
        said.close()


def _shifted(answer: Answer, utterance: int, by_ms: int) -> Answer:
    """The answer with another number, as if so much audio had come before."""
    changes: dict[str, object] = {"utterance": utterance}
    match answer:
        case SpeechStarted() | SpeechEnded():
            changes["at_ms"] = answer.at_ms + by_ms
        case Preflight():
            changes["words"] = _words(answer.words, by_ms)
        case Final():
            changes["words"] = _words(answer.words, by_ms)
            changes["audio_start_ms"] = answer.audio_start_ms + by_ms
            for name in ("speech_start_ms", "speech_end_ms"):
                time_ms = getattr(answer, name)
                changes[name] = None if time_ms is None else time_ms + by_ms
    return answer.model_copy(update=changes)


def _words(words: list[Word], by_ms: int) -> list[Word]:
    return [
        word.model_copy(update={"start_ms": word.start_ms + by_ms, "end_ms": word.end_ms + by_ms})
        for word in words
    ]
