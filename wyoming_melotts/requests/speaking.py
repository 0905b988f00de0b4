"""One text being spoken: its sentences and their audio, whoever is told of them."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing
from typing import Protocol

from wyoming_melotts.delivery.playback import Playback
from wyoming_melotts.delivery.prefetch import prefetch
from wyoming_melotts.frontends.budget import ReadingBudget
from wyoming_melotts.requests.text import Pause, TextPart
from wyoming_melotts.settings import MelottsSettings
from wyoming_melotts.spoken import SpeechEvent, SpokenAudio, SpokenSentence
from wyoming_melotts.voices import Voice
from wyoming_melotts.voices.selection import VoiceRequest
from wyoming_serving.reports import RequestReport, Stage

_PREFETCHED_EVENTS = 16
"""Computed ahead of a client that reads slowly: a few seconds of audio."""

_PAUSE_CHUNK_BYTES = 1 << 15


class Voices(Protocol):
    """What requests need of the service."""

    def choose_voice(self, wanted: VoiceRequest) -> Voice:
        """The voice that a request asks for; raises ServiceError where there is none."""

    def fitting_voice(self, text: str) -> Voice:
        """The voice for a text whose request asked for none."""

    def sentence_audio(
        self, voice: Voice, sentence: str, speed: float, playback: Playback
    ) -> AsyncGenerator[SpokenAudio, None]:
        """The audio of a sentence as it is computed."""


class Speaking:
    """Speaks one text, and keeps what it was and took."""

    def __init__(self, voices: Voices, settings: MelottsSettings) -> None:
        self._voices = voices
        self._rate_hz = settings.sample_rate_hz
        self._playback = Playback(self._rate_hz, ReadingBudget(settings.reading_seconds))
        self._bytes = 0
        self._began_at: float | None = None
        self.report = RequestReport("synthesize", characters=0)

    def events(
        self, text: AsyncIterable[TextPart], voice: Voice | None, speed: float = 1.0
    ) -> AsyncGenerator[SpeechEvent, None]:
        """What comes of a text, of which the next is computed while one event is taken.

        The first sentence decides on the voice where none was asked for; `speed` is relative to
        the settings'.

        Raises:
            ServiceError: see `TextStream` and `Voices`.
        """
        return prefetch(self._spoken(text, voice, speed), _PREFETCHED_EVENTS)

    def note_first_audio(self) -> None:
        """Take note that the first audio is sent."""
        self._note_time(Stage.FIRST_AUDIO)

    def complete_report(self) -> None:
        """Take note that all audio was sent."""
        timing = self._playback.timing
        self.report.audio_seconds = self._playback.seconds
        self.report.add(Stage.QUEUE, timing.queue_seconds)
        self.report.add(Stage.SYNTHESIS, timing.run_seconds)
        self._note_time(Stage.END_TO_RESULT)

    async def _spoken(
        self, text: AsyncIterable[TextPart], voice: Voice | None, speed: float
    ) -> AsyncGenerator[SpeechEvent, None]:
        async for part in text:
            if isinstance(part, Pause):
                left = 2 * int(part.seconds * self._rate_hz)
                while left > 0:
                    yield self._placed(SpokenAudio(bytes(min(left, _PAUSE_CHUNK_BYTES))), 0.0)
                    left -= _PAUSE_CHUNK_BYTES
                continue
            if voice is None:
                voice = self._voices.fitting_voice(part.text)
            self._note_sentence(part.text, voice)
            begins = self._bytes / (2 * self._rate_hz)
            yield SpokenSentence(part.text, voice.name, voice.tags[0], begins)
            chunks = self._voices.sentence_audio(
                voice, part.text, speed * part.speed, self._playback
            )
            async with aclosing(chunks):
                async for chunk in chunks:
                    yield self._placed(chunk, begins)

    def _placed(self, audio: SpokenAudio, sentence_begins: float) -> SpokenAudio:
        self._bytes += len(audio.pcm)
        words = [word.shifted(sentence_begins) for word in audio.words]
        return SpokenAudio(audio.pcm, words)

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
