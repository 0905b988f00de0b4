"""Speech to text over a server's `/v1/listen`."""

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

from loguru import logger
from pipecat.frames.frames import (
    Frame,
    InterimTranscriptionFrame,
    ProposedUserStartedSpeakingFrame,
    ProposedUserStoppedSpeakingFrame,
    STTMetadataFrame,
    TranscriptionFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.settings import STTSettings
from pipecat.services.stt_service import WebsocketSTTService
from pipecat.transcriptions.language import Language
from pipecat.turns.eager_end_of_turn_mixin import EagerEndOfTurnSTTServiceMixin
from pipecat.utils.time import time_now_iso8601
from pipecat.utils.tracing.service_decorators import traced_stt
from pipecat.utils.types import NOT_GIVEN, NotGiven
from websockets.exceptions import ConnectionClosed

from pipecat_wyoming.connection import ServerConnection
from pipecat_wyoming.server import REFUSED, described, known_language

_READY_SECONDS = 10.0
_TTFS_P99_SECONDS = 0.3
"""From the end of speech to the transcript where Pipecat's own VAD ends utterances."""


@dataclass
class WyomingSTTSettings(STTSettings):
    """Settings of a `WyomingSTTService`; all can be changed while it runs.

    Parameters:
        names: Names and rare words to listen for.
        silence_ms: Silence that ends an utterance; None leaves it to the server's setting. Only
            with turn detection.
        partials: Whether to get the text so far.
    """

    names: list[str] | NotGiven = field(default_factory=lambda: NOT_GIVEN)
    silence_ms: int | NotGiven | None = field(default_factory=lambda: NOT_GIVEN)
    partials: bool | NotGiven = field(default_factory=lambda: NOT_GIVEN)


class WyomingSTTService(ServerConnection, EagerEndOfTurnSTTServiceMixin, WebsocketSTTService):
    """A wyoming-funasr server.

    By default the server decides when a person has finished: its endpointing knows what was said.
    The service proposes turns then, and recommends the strategies that take them. Without turn
    detection Pipecat's VAD ends utterances, and the server finalizes at once.
    """

    Settings = WyomingSTTSettings
    _settings: WyomingSTTSettings

    def __init__(
        self,
        *,
        url: str = "http://127.0.0.1:8080",
        token: str | None = None,
        turn_detection: bool = True,
        should_interrupt: bool = True,
        settings: WyomingSTTSettings | None = None,
        **kwargs: Any,
    ) -> None:
        """Make the service.

        Args:
            url: The server's.
            token: One of its bearer tokens; by default `WYOMING_TOKEN` of the environment.
            turn_detection: Whether the server decides when turns begin and end.
            should_interrupt: Whether the bot stops when a turn begins.
            settings: What differs from the defaults.
            **kwargs: For `WebsocketSTTService`, and `enable_eager_end_of_turn` for who answers
                ahead of the end of a turn.
        """
        own = WyomingSTTSettings(
            model="funasr", language=None, names=[], silence_ms=None, partials=True
        )
        if settings is not None:
            own.apply_update(settings)
        kwargs.setdefault("ttfs_p99_latency", _TTFS_P99_SECONDS)
        super().__init__(url=url, path="/v1/listen", token=token, settings=own, **kwargs)
        self._turn_detection = turn_detection
        self._should_interrupt = should_interrupt
        self._is_in_turn = False

    @property
    def supports_ttfs(self) -> bool:
        """Whether somebody else ends utterances, so that there is a time from there."""
        return not self._turn_detection

    def service_metadata_frame(self) -> STTMetadataFrame:
        """Recommend to leave turns to the server, where it detects them."""
        frame = super().service_metadata_frame()
        if self._turn_detection:
            frame.user_turn_strategies = self.recommended_user_turn_strategies(
                enable_interruptions=self._should_interrupt
            )
        return frame

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Finalize where Pipecat's VAD says that speech has ended."""
        await super().process_frame(frame, direction)
        if isinstance(frame, VADUserStoppedSpeakingFrame) and not self._turn_detection:
            self.request_finalize()
            await self._say("flush")

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        """Send audio; what was said in it comes later, by itself."""
        socket = self._open_socket
        if socket is not None:
            try:
                await socket.send(audio)
            except ConnectionClosed as error:
                logger.debug(f"{self}: audio is not taken: {error}")
        yield None

    async def _update_settings(self, delta: STTSettings) -> dict[str, Any]:
        changed = await super()._update_settings(delta)
        if changed:
            await self._say("configure", **self._listening())
        return changed

    def _listening(self) -> dict[str, Any]:
        settings = self._settings
        endpointing: bool | dict[str, Any] = self._turn_detection
        if self._turn_detection and settings.silence_ms:
            endpointing = {"silence_ms": settings.silence_ms}
        return {
            "language": settings.language or None,
            "names": settings.names,
            "endpointing": endpointing,
            "partials": settings.partials,
        }

    async def _say(self, kind: str, **fields: Any) -> None:
        socket = self._open_socket
        if socket is not None:
            try:
                await socket.send(json.dumps({"type": kind, **fields}))
            except ConnectionClosed as error:
                logger.debug(f"{self}: {kind} is not taken: {error}")

    def _start_message(self) -> dict[str, Any]:
        audio = {"rate": self.sample_rate, "channels": 1}
        return {"type": "start", "audio": audio, **self._listening()}

    async def _receive_messages(self) -> None:
        if self._websocket is None:
            raise ConnectionError(f"{self._url} is not connected")
        messages = aiter(self._websocket)
        if not await self._receive_until_confirmed(
            messages, self._is_ready, self._take, _READY_SECONDS
        ):
            return
        try:
            async for message in messages:
                await self._take(message)
        finally:
            if not self._disconnecting:
                await self._end_turn()

    async def _take(self, text: str | bytes) -> None:
        message = json.loads(text)
        match message["type"]:
            case "ready":
                await self._note_ready()
            case "speech_started":
                await self._start_turn()
            case "partial":
                await self._cancel_eager_end_of_turn()
                written = message["stable"] + message["rest"]
                await self._push_text(InterimTranscriptionFrame, written, message)
            case "preflight":
                await self._cancel_eager_end_of_turn()
                await self._push_eager_end_of_turn(
                    message["text"],
                    user_id=self._user_id,
                    language=known_language(message["language"]),
                    result=message,
                )
            case "final":
                await self._push_final(message)
            case "cancelled":
                await self._end_turn()
            case "error":
                await self._fail(message)

    async def _push_final(self, message: dict[str, Any]) -> None:
        self._clear_eager_end_of_turn()
        await self.emit_stt_usage_metrics()
        if message["ended_by"] == "flush":
            self.confirm_finalize()
        await self._push_text(TranscriptionFrame, message["text"], message)
        if message["text"]:
            await self._trace(message["text"], True, known_language(message["language"]))
        await self._end_turn()

    async def _push_text(
        self,
        kind: type[TranscriptionFrame] | type[InterimTranscriptionFrame],
        text: str,
        message: dict[str, Any],
    ) -> None:
        if text:
            language = known_language(message.get("language") or self._listening()["language"])
            frame = kind(text, self._user_id, time_now_iso8601(), language, result=message)
            await self.push_frame(frame)

    async def _fail(self, message: dict[str, Any]) -> None:
        error = message["error"]
        is_refused = error["code"] in REFUSED and not self._is_ready.is_set()
        await self.push_error(described(error), force_treat_as_permanent=is_refused)
        if message.get("utterance") is not None:
            await self._end_turn()

    async def _start_turn(self) -> None:
        if self._turn_detection and not self._is_in_turn:
            self._is_in_turn = True
            await self.broadcast_frame(ProposedUserStartedSpeakingFrame)

    async def _end_turn(self) -> None:
        """Behind the transcript, with which the turn is closed."""
        self._clear_eager_end_of_turn()
        if self._is_in_turn:
            self._is_in_turn = False
            await self.broadcast_frame(ProposedUserStoppedSpeakingFrame)

    @traced_stt
    async def _trace(self, transcript: str, is_final: bool, language: Language | None) -> None:
        """The name and the arguments are what Pipecat's tracing reads."""
