"""`/v1/speak`: a WebSocket that speaks texts while they arrive, for voice agents."""

from aiohttp import web

from wyoming_melotts.api.host import SpeechHost
from wyoming_melotts.api.messages import (
    CLIENT_MESSAGE,
    Cancel,
    ClientMessage,
    Close,
    Flush,
    Ready,
    Start,
    Text,
    schema,
)
from wyoming_melotts.api.utterances import Utterance, Utterances
from wyoming_melotts.delivery.messages import OPUS_HZ
from wyoming_melotts.requests.fields import TEXT_FORMATS
from wyoming_melotts.requests.text_stream import TextState, TextStream
from wyoming_melotts.settings import MelottsSettings
from wyoming_melotts.voices import Voice
from wyoming_melotts.voices.selection import VoiceRequest
from wyoming_serving.errors import InvalidRequest, QueueFull, ServiceError
from wyoming_serving.http.sessions import SessionLimit
from wyoming_serving.http.validation import checked
from wyoming_serving.http.websocket import Turn, WebSocket, serve_websocket

PROTOCOL = "speak.v1"
"""The subprotocol, which a client may offer."""


class SpeakRoutes:
    """The WebSocket and its schema."""

    def __init__(self, host: SpeechHost, settings: MelottsSettings) -> None:
        self._host = host
        self._settings = settings
        self._limit = SessionLimit(settings.http_sessions)

    def routes(self) -> list[web.RouteDef]:
        """Returns the routes."""
        return [
            web.get("/v1/speak", self._speak),
            web.get("/v1/speak/schema.json", self._schema),
        ]

    async def _schema(self, _: web.Request) -> web.Response:
        return web.json_response(schema())

    async def _speak(self, request: web.Request) -> web.WebSocketResponse:
        async def talk(websocket: WebSocket) -> None:
            with self._limit.session():
                await _Session(request, websocket, self._host, self._settings).run()

        return await serve_websocket(request, talk, protocols=[PROTOCOL])


class _Session:
    """One client: its messages are read while its utterances are spoken."""

    def __init__(
        self,
        request: web.Request,
        websocket: WebSocket,
        host: SpeechHost,
        settings: MelottsSettings,
    ) -> None:
        self._websocket = websocket
        self._host = host
        self._settings = settings
        self._start: Start | None = None
        self._voice: Voice | None = None
        self._rate_hz = settings.sample_rate_hz
        self._count = 0
        self._arriving: Utterance | None = None
        self._utterances = Utterances(request, websocket, host, settings, self._set_turn)

    async def run(self) -> None:
        """Talk until the client closes or leaves, or the service ends.

        Raises:
            ServiceError: what ends a session: silence, or too much that waits.
        """
        try:
            while (message := await self._next_message()) is not None:
                if isinstance(message, Close):
                    self._end_text()
                    await self._utterances.join()
                    return
                await self._take(message)
        finally:
            await self._utterances.close()

    async def _next_message(self) -> ClientMessage | None:
        """The next message that is one; None at the end."""
        while True:
            self._set_turn()
            try:
                content = await self._websocket.receive_json()
                return None if content is None else checked(CLIENT_MESSAGE, content)
            except InvalidRequest as error:
                await self._websocket.send_error(error)

    async def _take(self, message: Start | Text | Flush | Cancel) -> None:
        try:
            match message:
                case Start():
                    await self._begin(message)
                case Text():
                    self._take_text(message.text)
                case Flush():
                    self._end_text()
                case Cancel():
                    self._arriving = None
                    await self._utterances.cancel()
        except QueueFull:
            raise
        except ServiceError as error:
            await self._websocket.send_error(error)

    async def _begin(self, start: Start) -> None:
        """Take how utterances are to be spoken that begin from now on."""
        wanted = VoiceRequest(start.voice, start.language, start.speaker)
        voice = None if wanted == VoiceRequest() else self._host.choose_voice(wanted)
        rate_hz = self._checked_rate_hz(start)
        await self._host.open_message_encoder(start.encoding, rate_hz)  # or it is refused now
        self._start, self._voice, self._rate_hz = start, voice, rate_hz
        ready = Ready(encoding=start.encoding, sample_rate_hz=rate_hz)
        await self._websocket.send(ready.model_dump())

    def _take_text(self, text: str) -> None:
        if self._start is None:
            raise InvalidRequest("text needs a start before it")
        if self._arriving is None:
            self._arriving = self._new_utterance(self._start)
        stream = self._arriving.text
        if stream.state is TextState.FAILED:
            return
        try:
            stream.push(text)
        except ServiceError as error:
            stream.fail(error)

    def _new_utterance(self, start: Start) -> Utterance:
        self._count += 1
        text = TextStream(self._settings.max_text_length, TEXT_FORMATS[start.text_format])
        utterance = Utterance(
            self._count, text, self._voice, start.speed, start.encoding, self._rate_hz
        )
        self._utterances.add(utterance)
        return utterance

    def _end_text(self) -> None:
        if self._arriving is not None:
            self._arriving.text.end()
            self._arriving = None

    def _checked_rate_hz(self, start: Start) -> int:
        if start.encoding != "opus":
            return start.sample_rate_hz or self._settings.sample_rate_hz
        if start.sample_rate_hz not in (None, OPUS_HZ):
            raise InvalidRequest(
                f"start.sample_rate_hz: opus comes at {OPUS_HZ} Hz, got {start.sample_rate_hz}",
                param="start.sample_rate_hz",
            )
        return OPUS_HZ

    def _set_turn(self) -> None:
        """Who is to act: a text that was begun waits for its client, a whole one for us."""
        if self._arriving is not None:
            self._websocket.turn = Turn.CLIENT
        else:
            self._websocket.turn = Turn.NOBODY if self._utterances.is_empty else Turn.SERVER
