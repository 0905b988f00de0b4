"""Text to speech as OpenAI's API has it."""

import base64
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from aiohttp import web

from wyoming_melotts.api.host import SpeechHost
from wyoming_melotts.api.speech_request import MODEL, OPENAI_MODELS, SPEECH_REQUEST, SpeechRequest
from wyoming_melotts.delivery.encoding import CONTENT_TYPES, Encoder
from wyoming_melotts.requests.speaking import Speaking
from wyoming_melotts.requests.text_stream import TextFormat, whole_text
from wyoming_melotts.settings import MelottsSettings
from wyoming_melotts.spoken import SpeechEvent, SpokenAudio
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.excerpts import excerpt
from wyoming_serving.http.api import API
from wyoming_serving.http.bodies import MAX_JSON_BYTES, read_json
from wyoming_serving.http.errors import error_object
from wyoming_serving.http.models import model_routes
from wyoming_serving.http.validation import checked

_BYTES_PER_CHARACTER = 12
"""Of JSON, where one character may be two escapes like `\\ud83d`."""

_Pieces = AsyncGenerator[bytes, None]


class OpenAiRoutes:
    """`/v1/audio/speech`, `/v1/audio/voices` and `/v1/models`."""

    def __init__(self, host: SpeechHost, settings: MelottsSettings) -> None:
        self._host = host
        self._settings = settings

    def routes(self) -> list[web.RouteDef]:
        """Returns the routes."""
        return [
            web.post("/v1/audio/speech", self._speech),
            web.get("/v1/audio/voices", self._voices),
            *model_routes(_models, "MyShell"),
        ]

    async def _voices(self, _: web.Request) -> web.Response:
        voices = [
            {
                "id": offered.voice.name,
                "object": "audio.voice",
                "name": offered.voice.name,
                "languages": offered.voice.tags,
                "installed": offered.is_on_disk,
            }
            for offered in await self._host.offered_voices()
        ]
        return web.json_response({"object": "list", "data": voices})

    async def _speech(self, request: web.Request) -> web.StreamResponse:
        most = self._settings.max_text_length
        body = await read_json(request, MAX_JSON_BYTES + _BYTES_PER_CHARACTER * most)
        wanted = checked(SPEECH_REQUEST, body)
        _check_model(wanted.model)
        text = whole_text(wanted.input, most, TextFormat.PLAIN)
        asked = wanted.wanted_voice
        voice = None if asked is None else self._host.choose_voice(asked)
        encoder = await self._encoder(wanted)
        speaking = Speaking(self._host, self._settings)
        answer = _Answer(request, wanted, speaking.note_first_audio)
        pieces = self._encoded(speaking.events(text, voice, wanted.speed), encoder)
        try:
            with request.app[API].reported(request, speaking.report):
                await answer.send(pieces)
                speaking.complete_report()
        except ServiceError as error:
            if not answer.can_tell:
                raise
            await answer.tell(error)
        return answer.response

    async def _encoder(self, wanted: SpeechRequest) -> Encoder:
        try:
            return await self._host.open_encoder(wanted.audio_format)
        except ServiceError as error:
            text = f"response_format {wanted.response_format}: {error.text}; or ask for wav or pcm"
            raise ServiceError(ErrorCode.NOT_SUPPORTED, text, param="response_format") from None

    async def _encoded(
        self, events: AsyncGenerator[SpeechEvent, None], encoder: Encoder
    ) -> _Pieces:
        async with aclosing(events):
            async for event in events:
                if isinstance(event, SpokenAudio):
                    for piece in await self._host.encode(encoder, event.pcm):
                        yield piece
        for piece in await self._host.encode(encoder, b"", last=True):
            yield piece


class _Answer:
    """The audio of one text, as it comes or in server-sent events."""

    def __init__(
        self, request: web.Request, wanted: SpeechRequest, on_first: Callable[[], None]
    ) -> None:
        """`on_first` is called when the first audio is sent."""
        self.response = web.StreamResponse()
        self._request = request
        self._is_sse = wanted.stream_format == "sse"
        self._on_first = on_first
        content_type = CONTENT_TYPES[wanted.audio_format]
        self.response.content_type = "text/event-stream" if self._is_sse else content_type

    @property
    def can_tell(self) -> bool:
        """Whether an error fits into what was sent already."""
        return self._is_sse and self.response.prepared

    async def send(self, pieces: _Pieces) -> None:
        """Send all pieces as they come; nothing is sent before the first one."""
        async with aclosing(pieces):
            async for piece in pieces:
                if not self.response.prepared:
                    self._on_first()
                    await self.response.prepare(self._request)
                await self.response.write(_delta(piece) if self._is_sse else piece)
        if not self.response.prepared:  # a text without a word
            await self.response.prepare(self._request)
        if self._is_sse:
            done = {"type": "speech.audio.done", "usage": _NO_TOKENS}
            await self.response.write(_event(done))
        await self.response.write_eof()

    async def tell(self, error: ServiceError) -> None:
        """End with an error."""
        await self.response.write(_event({"type": "error", "error": error_object(error)}))
        await self.response.write_eof()


_NO_TOKENS = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
"""Clients expect the field; nothing is counted in tokens here."""


def _delta(piece: bytes) -> bytes:
    audio = base64.b64encode(piece).decode()
    return _event({"type": "speech.audio.delta", "audio": audio})


def _event(content: object) -> bytes:
    """One server-sent event (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
    return b"data: " + json.dumps(content).encode() + b"\n\n"


def _check_model(name: str) -> None:
    if name not in (MODEL, *OPENAI_MODELS):
        raise ServiceError(
            ErrorCode.UNKNOWN_MODEL,
            f"there is no model {excerpt(name)}; allowed: {', '.join((MODEL, *OPENAI_MODELS))}",
            param="model",
        )


async def _models() -> list[str]:
    return [MODEL]
