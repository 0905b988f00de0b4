"""A client of a server's `/v1/speak` (docs/speak-api.md). It needs aiohttp and no engine."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Sequence
from contextlib import aclosing, suppress
from types import TracebackType
from typing import Self

import aiohttp

from wyoming_melotts.api.messages import (
    SERVER_MESSAGE,
    Cancel,
    Done,
    Error,
    Flush,
    Marks,
    Message,
    Ready,
    Sentence,
    ServerMessage,
    Start,
    Text,
)
from wyoming_melotts.spoken import (
    SpeechEvent,
    SpokenAudio,
    SpokenPhone,
    SpokenSentence,
    SpokenWord,
)
from wyoming_serving.http.client import ApiError, ConnectionLost, connect

_CANCEL_SECONDS = 5.0


class SpeakClient:
    """One session with a server, connected again where it was lost.

    A text of which nothing was heard is sent again. One that was interrupted is not: whoever
    listens has heard a part of it; `ConnectionLost` says so, and the next text connects again.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        voice: str | None = None,
        language: str | None = None,
        speed: float = 1.0,
        sample_rate_hz: int | None = None,
        patience_seconds: float = 30.0,
    ) -> None:
        """`url`: the server's, as http://127.0.0.1:8080. `patience_seconds`: how long to try to
        connect, with growing pauses."""
        self._url = url
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._start = Start(
            type="start",
            voice=voice,
            language=language,
            speed=speed,
            sample_rate_hz=sample_rate_hz,
        )
        self._patience_seconds = patience_seconds
        self._http: aiohttp.ClientSession | None = None
        self._session: _Session | None = None
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        """Make ready; the first text connects."""
        self._http = aiohttp.ClientSession(self._url, headers=self._headers)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connection."""
        await self._drop()
        if self._http is not None:
            await self._http.close()

    async def sample_rate_hz(self) -> int:
        """Returns the rate of the audio, which is 16-bit mono; connects if need be."""
        return (await self._connected()).ready.sample_rate_hz

    async def speak(self, text: str | AsyncIterable[str]) -> AsyncGenerator[SpeechEvent, None]:
        """Yields the sentences of a text and their audio with words, as they arrive.

        Texts are spoken one after the other. Leaving the loop cancels the rest of the text.

        Raises:
            ApiError: the server refused the text, the voice or the token.
            ConnectionLost: the connection ended in the middle of the text, or cannot be had.
        """
        async with self._turn:
            heard = False
            while True:
                session = await self._connected()
                try:
                    async with aclosing(session.speak(text)) as events:
                        async for event in events:
                            heard = True
                            yield event
                    return
                except ConnectionError as error:
                    await self._drop()
                    if heard or not isinstance(text, str):
                        raise ConnectionLost("the connection ended within a text") from error
                finally:
                    if session.is_over:
                        await self._drop()

    async def cancel(self) -> None:
        """Stop the text that is being spoken; its `speak` ends."""
        if self._session is not None:
            await self._session.cancel()

    async def _connected(self) -> "_Session":
        http = self._http
        assert http is not None, "use it in `async with`"
        if self._session is None:
            self._session = await connect(
                lambda: _Session.open(http, self._start), self._url, self._patience_seconds
            )
        return self._session

    async def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()


class _Session:
    """One connection that is ready."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.ready = Ready(sample_rate_hz=0)
        self.is_over = False
        self._socket = socket
        self._sending: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, http: aiohttp.ClientSession, start: Start) -> Self:
        """Connect once.

        Raises:
            ApiError: the server refused.
            OSError, aiohttp.ClientError: it cannot be reached.
        """
        session = cls(await http.ws_connect("/v1/speak", heartbeat=20, max_msg_size=0))
        try:
            await session.send(start)
            ready = await session._receive()
            if not isinstance(ready, Ready):
                raise ConnectionError("the server is not ready")
            session.ready = ready
        except BaseException:
            await session.close()
            raise
        return session

    async def send(self, message: Message) -> None:
        """Send a message.

        Raises:
            ConnectionError: the server has gone.
        """
        await self._socket.send_str(message.model_dump_json(exclude_none=True))

    async def close(self) -> None:
        """Close the connection."""
        self.is_over = True
        await self._socket.close()

    async def speak(self, text: str | AsyncIterable[str]) -> AsyncGenerator[SpeechEvent, None]:
        """See `SpeakClient.speak`."""
        sending = self._sending = asyncio.create_task(self._send_text(text), name="text")
        is_done = False
        words: list[SpokenWord] = []
        try:
            while True:
                message = await self._receive()
                if isinstance(message, bytes):
                    yield SpokenAudio(message, tuple(words))
                    words.clear()
                elif isinstance(message, Marks):
                    words += _words(message)
                elif isinstance(message, Sentence):
                    yield SpokenSentence(
                        message.text, message.voice, message.language, message.start
                    )
                elif isinstance(message, Done):
                    is_done = True
                    break
            if sending.done() and not sending.cancelled():
                sending.result()  # raises what the text raised
        except ApiError:
            is_done = not self.is_over
            raise
        finally:
            is_whole = sending.done()
            await self._stop_sending()
            if not is_done and not self.is_over:
                await self._cancel_unheard()
            elif is_done and not is_whole:
                await self.send(Flush(type="flush"))

    async def _send_text(self, text: str | AsyncIterable[str]) -> None:
        """Send a text; where it breaks off, nothing more is to be heard."""
        try:
            await self.send(Text(type="text", text=""))  # begins an utterance, however little comes
            async for piece in _pieces(text):
                await self.send(Text(type="text", text=piece))
            await self.send(Flush(type="flush"))
        except Exception:
            with suppress(ConnectionError):
                await self.send(Cancel(type="cancel"))
            raise

    async def cancel(self) -> None:
        """Stop the utterance; `done` is still to come."""
        await self._stop_sending()
        await self.send(Cancel(type="cancel"))

    async def _stop_sending(self) -> None:
        """Send no more of the text, of which the server would begin another utterance."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.gather(self._sending, return_exceptions=True)

    async def _cancel_unheard(self) -> None:
        """Cancel an utterance that nobody listens to any more, and read what is left of it."""
        try:
            async with asyncio.timeout(_CANCEL_SECONDS):
                await self.send(Cancel(type="cancel"))
                while not isinstance(await self._receive(), Done):
                    pass
        except (ApiError, ConnectionError, TimeoutError):
            await self.close()

    async def _receive(self) -> "ServerMessage | bytes":
        """The next message.

        Raises:
            ApiError: it is an error.
            ConnectionError: the connection ended.
        """
        message = await self._socket.receive()
        if message.type is aiohttp.WSMsgType.BINARY:
            data: bytes = message.data
            return data
        if message.type is not aiohttp.WSMsgType.TEXT:
            self.is_over = True
            raise ConnectionError("the server closed the connection")
        content = SERVER_MESSAGE.validate_json(message.data)
        if isinstance(content, Error):
            self.is_over = content.utterance is None
            raise ApiError(content.error.code, content.error.message)
        return content


async def _pieces(text: str | AsyncIterable[str]) -> AsyncIterator[str]:
    if isinstance(text, str):
        yield text
        return
    async for piece in text:
        yield piece


def _words(marks: Marks) -> Sequence[SpokenWord]:
    return [
        SpokenWord(
            word.text,
            word.start,
            word.end,
            tuple(SpokenPhone(phone.symbol, phone.start, phone.end) for phone in word.phones),
        )
        for word in marks.words
    ]
