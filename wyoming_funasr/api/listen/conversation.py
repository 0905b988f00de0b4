"""One client of `/v1/listen`: translates between its messages and a listening session."""

from functools import partial

from wyoming_funasr.api.listen.answers import Ready
from wyoming_funasr.api.listen.commands import Listening
from wyoming_funasr.api.listen.requests import ClientMessage, Close, Start, parse
from wyoming_funasr.api.listen.steering import Steering, session_options
from wyoming_funasr.api.listen.translation import translated
from wyoming_funasr.api.sessions import ListenHost, ListeningSessions, follow
from wyoming_funasr.audio.opus.decoder import PCM as OPUS_PCM
from wyoming_funasr.audio.opus.decoder import OpusDecoder, make_decoder
from wyoming_funasr.requests.events import Final, SpeechStarted
from wyoming_funasr.requests.listening import (
    Cancelled,
    Failed,
    ListeningEvent,
    ListeningSession,
)
from wyoming_funasr.requests.options import RequestOptions
from wyoming_serving.audio import PcmFormat
from wyoming_serving.errors import InvalidRequest, ServiceError
from wyoming_serving.http.websocket import Turn, WebSocket

_CONTAINER_BYTES = 1 << 11
"""Decoded at once: even of the shortest packets it holds a minute of audio at most."""


class Conversation:
    """From a client's `start` to its end."""

    def __init__(self, host: ListenHost, sessions: ListeningSessions, websocket: WebSocket) -> None:
        self._host = host
        self._sessions = sessions
        self._websocket = websocket
        self._opus: OpusDecoder | None = None
        self._is_container = False
        self._pcm = PcmFormat(16_000, 2, 1)
        self._listening = Listening()

    async def run(self) -> None:
        """Talk until the client closes or leaves.

        Raises:
            ServiceError: what ends the session.
        """
        options = await self._wait_for_start()
        if options is not None:
            session = self._sessions.listen(options, self, self._websocket.peer)
            await follow(session, self._read)

    async def take(self, utterance: int, event: ListeningEvent) -> None:
        """Send an event: see `ListeningSink.take`."""
        await self._websocket.send(translated(utterance, event).model_dump())
        if isinstance(event, SpeechStarted):
            self._websocket.turn = Turn.CLIENT
        elif isinstance(event, Final | Cancelled | Failed):
            self._websocket.turn = Turn.NOBODY

    async def _wait_for_start(self) -> RequestOptions | None:
        """Returns the options of the client's first right `start`, None where it left."""
        while (message := await self._websocket.receive()) is not None:
            if isinstance(message, bytes):
                raise InvalidRequest("audio must come behind `start`")
            try:
                return await self._start(message)
            except ServiceError as error:
                await self._websocket.send_error(error)
        return None

    def _parse(self, text: str) -> ClientMessage:
        most = self._host.settings.max_data_bytes
        if len(text) > most:  # checking it would hold the event loop
            raise InvalidRequest(f"a text message may have {most} characters at most")
        return parse(text)

    async def _start(self, message: str) -> RequestOptions:
        start = self._parse(message)
        if not isinstance(start, Start):
            raise InvalidRequest("the first message must be `start`", param="type")
        options = self._options(start)
        encoding = start.audio.encoding
        if encoding == "pcm_s16le":
            self._pcm = PcmFormat(start.audio.rate, 2, start.audio.channels)
        else:
            self._opus = await self._host.call(partial(make_decoder, encoding))
            self._pcm = OPUS_PCM
            self._is_container = encoding != "opus"
        self._listening = start
        ready = Ready(
            model=options.model.name,
            languages=options.model.tags,
            silence_ms=options.silence_ms,
        )
        await self._websocket.send(ready.model_dump())
        return options

    async def _read(self, session: ListeningSession) -> bool:
        """Read messages until the last; returns whether the client waits for what is left."""
        steering = Steering(session, self._listening, self._options)
        while (message := await self._websocket.receive()) is not None:
            try:
                if isinstance(message, bytes):
                    await self._hear(message, session)
                elif await self._obey(message, session, steering):
                    return True
            except ServiceError as error:
                if self._is_container and isinstance(message, bytes):
                    raise  # what follows has lost its place
                await self._websocket.send_error(error)
        return False

    async def _hear(self, data: bytes, session: ListeningSession) -> None:
        if self._opus is None:
            await session.accept(self._pcm, data)
            return
        for part in _parts(data) if self._is_container else [data]:
            pcm = await self._host.call(partial(self._opus.decode, part))
            await session.accept(self._pcm, pcm)

    async def _obey(self, text: str, session: ListeningSession, steering: Steering) -> bool:
        """Do what a message says; returns whether it was the last."""
        message = self._parse(text)
        if isinstance(message, Start):
            raise InvalidRequest("the session was started already", param="type")
        if isinstance(message, Close):
            session.close()
            return True
        await steering.obey(message)
        return False

    def _options(self, listening: Listening) -> RequestOptions:
        host = self._host
        return session_options(listening, host.settings, host.models, host.options)


def _parts(data: bytes) -> list[bytes]:
    return [data[at : at + _CONTAINER_BYTES] for at in range(0, len(data), _CONTAINER_BYTES)]
