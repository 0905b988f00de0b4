"""Text to speech over a server's `/v1/speak`."""

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

from pipecat.frames.frames import ErrorFrame, Frame, TTSAudioRawFrame, TTSStoppedFrame
from pipecat.services.settings import TTSSettings
from pipecat.services.tts_service import WebsocketTTSService
from pipecat.utils.tracing.service_decorators import traced_tts
from pipecat.utils.types import NOT_GIVEN, NotGiven
from websockets.exceptions import ConnectionClosed

from pipecat_wyoming.connection import ServerConnection
from pipecat_wyoming.server import described

_QUIET_SECONDS = 30.0
"""A server says when a text is over; a small one may take its time until then."""


@dataclass
class WyomingTTSSettings(TTSSettings):
    """Settings of a `WyomingTTSService`; all can be changed while it runs.

    Parameters:
        speed: Relative to the server's.
    """

    speed: float | NotGiven = field(default_factory=lambda: NOT_GIVEN)


class WyomingTTSService(ServerConnection, WebsocketTTSService):
    """A wyoming-melotts server, with the times of the words that it speaks.

    An interruption stops the server at once, and the context keeps what was heard.
    """

    Settings = WyomingTTSSettings
    _settings: WyomingTTSSettings

    def __init__(
        self,
        *,
        url: str = "http://127.0.0.1:8080",
        token: str | None = None,
        settings: WyomingTTSSettings | None = None,
        **kwargs: Any,
    ) -> None:
        """Make the service.

        Args:
            url: The server's.
            token: One of its bearer tokens; by default `WYOMING_TOKEN` of the environment.
            settings: What differs from the defaults; without a voice the server chooses one that
                fits the language, or else the text.
            **kwargs: For `WebsocketTTSService`.
        """
        own = WyomingTTSSettings(model="melotts", voice=None, language=None, speed=1.0)
        if settings is not None:
            own.apply_update(settings)
        kwargs.setdefault("stop_frame_timeout_s", _QUIET_SECONDS)
        super().__init__(
            url=url, path="/v1/speak", token=token, settings=own,
            push_text_frames=False, push_start_frame=True, **kwargs,
        )  # fmt: skip
        self._contexts: dict[int, str] = {}
        """Of the utterances that the server speaks, which it counts from 1."""
        self._begun = 0
        self._open: str | None = None
        """The context whose text is not complete."""

    async def flush_audio(self, context_id: str | None = None) -> None:
        """Say that a context's text is complete."""
        if self._open is not None and context_id in (None, self._open):
            self._open = None
            await self._say(type="flush")

    async def on_audio_context_interrupted(self, context_id: str) -> None:
        """Let the server speak nothing more of what it was given."""
        await self.stop_all_metrics()
        others = {context for context in self._contexts.values() if context != context_id}
        if context_id in self._contexts.values() and not any(map(self._must_be_heard, others)):
            self._open = None
            await self._say(type="cancel")
        await super().on_audio_context_interrupted(context_id)

    @traced_tts
    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        """Send a text; its audio comes later, by itself."""
        try:
            if self._open_socket is None:
                await self._disconnect()
                await self._connect()
            if context_id != self._open:
                await self.flush_audio()
                self._begun += 1
                self._contexts[self._begun] = context_id
                self._open = context_id
            await self._say(type="text", text=f"{text} ")
            await self.start_tts_usage_metrics(text)
        except (OSError, ConnectionClosed) as error:
            yield ErrorFrame(error=f"{self._url} cannot be reached: {error}")
            yield TTSStoppedFrame(context_id=context_id)
            return
        yield None

    def _must_be_heard(self, context_id: str) -> bool:
        context = self._tts_contexts.get(context_id)
        return context is not None and not context.interruptible

    async def _update_settings(self, delta: TTSSettings) -> dict[str, Any]:
        changed = await super()._update_settings(delta)
        if changed and self._websocket is not None:
            await self.flush_audio()
            await self._say(**self._start_message())
        return changed

    def _start_message(self) -> dict[str, Any]:
        """Return how the next utterances are spoken."""
        settings = self._settings
        wanted = {"voice": settings.voice, "language": settings.language, "speed": settings.speed}
        given = {name: value for name, value in wanted.items() if value is not None}
        return {"type": "start", "sample_rate_hz": self.sample_rate, **given}

    async def _say(self, **message: Any) -> None:
        if self._websocket is None:
            raise ConnectionError(f"{self._url} is not connected")
        await self._websocket.send(json.dumps(message))

    def _forget_session(self) -> None:
        super()._forget_session()
        self._contexts.clear()
        self._begun, self._open = 0, None

    async def _receive_messages(self) -> None:
        if self._websocket is None:
            raise ConnectionError(f"{self._url} is not connected")
        context_id: str | None = None
        async for received in self._websocket:
            if isinstance(received, bytes):
                if context_id is not None and self.audio_context_available(context_id):
                    audio = TTSAudioRawFrame(received, self.sample_rate, 1, context_id=context_id)
                    await self.append_to_audio_context(context_id, audio)
                continue
            message = json.loads(received)
            utterance = message.get("utterance")
            if utterance is not None:
                context_id = self._contexts.get(utterance)
            await self._take(message, context_id if utterance is not None else None)

    async def _take(self, message: dict[str, Any], context_id: str | None) -> None:
        match message["type"]:
            case "ready":
                await self._note_ready()
            case "marks" if context_id is not None:
                words = [(word["text"], word["start"]) for word in message["words"]]
                await self.add_word_timestamps(words, context_id)
            case "done":
                await self._end(message["utterance"])
            case "error":
                await self.push_error(described(message["error"]))
                if message.get("utterance") is not None:
                    await self._end(message["utterance"])

    async def _end(self, utterance: int) -> None:
        """Nothing more comes of an utterance."""
        context_id = self._contexts.pop(utterance, None)
        if context_id is not None and self.audio_context_available(context_id):
            await self.append_to_audio_context(context_id, TTSStoppedFrame(context_id=context_id))
            await self.remove_audio_context(context_id)
