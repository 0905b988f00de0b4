"""The answer to a text: one audio, sent while the next of it is computed."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing
from enum import Enum, auto
from typing import Protocol

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Eventable

from wyoming_melotts.delivery.playback import Playback
from wyoming_melotts.delivery.prefetch import prefetch
from wyoming_melotts.requests.text import Pause, TextPart
from wyoming_melotts.voices import Voice
from wyoming_melotts.voices.selection import VoiceRequest
from wyoming_serving.reports import RequestReport, Stage
from wyoming_serving.session import Client

_PREFETCHED_CHUNKS = 16
"""Audio computed ahead of a client that reads slowly: a few seconds."""

_FORMAT = {"width": 2, "channels": 1}
_PAUSE_CHUNK_BYTES = 1 << 15


class Speaker(Protocol):
    """What requests need of the service."""

    def choose_voice(self, wanted: VoiceRequest) -> Voice:
        """The voice that a request asks for; raises ServiceError where there is none."""

    def fitting_voice(self, text: str) -> Voice:
        """The voice for a text whose request asked for none."""

    def sentence_audio(
        self, voice: Voice, sentence: str, speed: float, playback: Playback
    ) -> AsyncGenerator[bytes, None]:
        """The audio of a sentence as 16-bit mono PCM, as it is computed."""


class AnswerState(Enum):
    """What of an answer has been sent."""

    NOTHING = auto()
    BEGUN = auto()
    ENDED = auto()


class AudioAnswer:
    """Sends the audio of one text to a client."""

    def __init__(self, client: Client, speaker: Speaker, sample_rate_hz: int) -> None:
        self.state = AnswerState.NOTHING
        self._client = client
        self._speaker = speaker
        self._rate_hz = sample_rate_hz
        self._playback = Playback(sample_rate_hz)
        self._began_at: float | None = None
        self.report = RequestReport("synthesize", characters=0)
        """What the text was and took, so far."""

    def audio(
        self, text: AsyncIterable[TextPart], voice: Voice | None
    ) -> AsyncGenerator[bytes, None]:
        """The audio of a text, of which the next chunks are computed while one is taken.

        The first sentence decides on the voice where none was asked for.
        """
        return prefetch(self._spoken(text, voice), _PREFETCHED_CHUNKS)

    async def send(self, audio: AsyncGenerator[bytes, None]) -> None:
        """Send all audio between an audio-start and an audio-stop."""
        async with aclosing(audio):
            async for chunk in audio:
                await self._begin()
                await self._client.send(AudioChunk(rate=self._rate_hz, audio=chunk, **_FORMAT))
        await self._begin()
        await self._client.send(AudioStop())
        self.state = AnswerState.ENDED
        self._complete_report()

    def closing_events(self) -> list[Eventable]:
        """The events that are missing where an answer breaks off."""
        return [AudioStop()] if self.state is AnswerState.BEGUN else []

    async def _begin(self) -> None:
        if self.state is AnswerState.NOTHING:
            self.state = AnswerState.BEGUN
            self._note_time(Stage.FIRST_AUDIO)
            await self._client.send(AudioStart(rate=self._rate_hz, **_FORMAT))

    async def _spoken(
        self, text: AsyncIterable[TextPart], voice: Voice | None
    ) -> AsyncGenerator[bytes, None]:
        async for part in text:
            if isinstance(part, Pause):
                left = 2 * int(part.seconds * self._rate_hz)
                while left > 0:
                    yield bytes(min(left, _PAUSE_CHUNK_BYTES))
                    left -= _PAUSE_CHUNK_BYTES
                continue
            if voice is None:
                voice = self._speaker.fitting_voice(part.text)
            self._note_sentence(part.text, voice)
            chunks = self._speaker.sentence_audio(voice, part.text, part.speed, self._playback)
            async with aclosing(chunks):
                async for chunk in chunks:
                    yield chunk

    def _note_sentence(self, text: str, voice: Voice) -> None:
        if self._began_at is None:
            self._began_at = asyncio.get_running_loop().time()
        self.report.language = voice.model.language.key
        self.report.characters = (self.report.characters or 0) + len(text)
        self.report.text = (self.report.text or "") + text

    def _note_time(self, stage: Stage) -> None:
        """Note the time since the first sentence; a text without any has none."""
        if self._began_at is not None:
            self.report.add(stage, asyncio.get_running_loop().time() - self._began_at)

    def _complete_report(self) -> None:
        timing = self._playback.timing
        self.report.audio_seconds = self._playback.seconds
        self.report.add(Stage.QUEUE, timing.queue_seconds)
        self.report.add(Stage.SYNTHESIS, timing.run_seconds)
        self._note_time(Stage.END_TO_RESULT)
