"""`voice-started` and `voice-stopped`, for clients that show when somebody speaks."""

from collections.abc import Awaitable, Callable

from wyoming.event import Eventable
from wyoming.vad import VoiceStarted, VoiceStopped

from wyoming_funasr.audio.utterance import UtteranceAudio


class VoiceEvents:
    """Sends each of the two events once an utterance, if it has speech."""

    def __init__(self, send: Callable[[Eventable], Awaitable[None]]) -> None:
        self._send = send
        self._has_started = False

    async def update(self, audio: UtteranceAudio) -> None:
        """Say that speech has begun, at the first call that finds some."""
        start_ms = audio.speech_start_ms
        if start_ms is not None and not self._has_started:
            self._has_started = True
            await self._send(VoiceStarted(timestamp=start_ms))

    async def finish(self, audio: UtteranceAudio) -> None:
        """Say where speech ended; the utterance is over."""
        await self.update(audio)
        if self._has_started:
            await self._send(VoiceStopped(timestamp=audio.speech_end_ms))
