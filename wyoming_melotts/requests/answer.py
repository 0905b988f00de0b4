"""The answer to a text: one audio, sent while the next of it is computed."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing
from typing import Protocol

from wyoming.audio import AudioChunk, AudioStart, AudioStop

from wyoming_melotts.delivery.playback import Playback
from wyoming_melotts.delivery.prefetch import prefetch
from wyoming_melotts.voices import Voice
from wyoming_melotts.voices.selection import VoiceRequest
from wyoming_serving.reports import RequestReport, Stage
from wyoming_serving.session import Client

_PREFETCHED_CHUNKS = 16
"""Audio computed ahead of a client that reads slowly: a few seconds."""

_FORMAT = {"width": 2, "channels": 1}


class Speaker(Protocol):
    """What requests need of the service."""

    def choose_voice(self, wanted: VoiceRequest) -> Voice:
        """The voice that a request asks for; raises ServiceError where there is none."""

    def fitting_voice(self, text: str) -> Voice:
        """The voice for a text whose request asked for none."""

    def sentence_audio(
        self, voice: Voice, sentence: str, playback: Playback
    ) -> AsyncGenerator[bytes, None]:
        """The audio of a sentence as 16-bit mono PCM, as it is computed."""


class AudioAnswer:
    """Sends the audio of one text to a client."""

    def __init__(self, client: Client, speaker: Speaker, sample_rate_hz: int) -> None:
        self._client = client
        self._speaker = speaker
        self._rate_hz = sample_rate_hz
        self._playback = Playback(sample_rate_hz)
        self._began_at = 0.0
        self.report = RequestReport("synthesize", characters=0)
        """What the text was and took, so far."""

    async def send(self, sentences: AsyncIterable[str], voice: Voice | None) -> None:
        """Send the audio of all sentences between an audio-start and an audio-stop.

        The first sentence decides on the voice where none was asked for.
        """
        started = False
        async for audio in prefetch(self._audio(sentences, voice), _PREFETCHED_CHUNKS):
            if not started:
                self.report.add(Stage.FIRST_AUDIO, self._since_first_sentence())
                await self._client.send(AudioStart(rate=self._rate_hz, **_FORMAT))
                started = True
            await self._client.send(AudioChunk(rate=self._rate_hz, audio=audio, **_FORMAT))
        if not started:
            await self._client.send(AudioStart(rate=self._rate_hz, **_FORMAT))
        await self._client.send(AudioStop())
        self._complete_report()

    async def _audio(
        self, sentences: AsyncIterable[str], voice: Voice | None
    ) -> AsyncGenerator[bytes, None]:
        async for sentence in sentences:
            self._began_at = self._began_at or asyncio.get_running_loop().time()
            self.report.characters = (self.report.characters or 0) + len(sentence)
            if voice is None:
                voice = self._speaker.fitting_voice(sentence)
            self.report.language = voice.model.language.key
            chunks = self._speaker.sentence_audio(voice, sentence, self._playback)
            async with aclosing(chunks):
                async for chunk in chunks:
                    yield chunk

    def _since_first_sentence(self) -> float:
        return asyncio.get_running_loop().time() - self._began_at

    def _complete_report(self) -> None:
        self.report.audio_seconds = self._playback.seconds
        self.report.add(Stage.QUEUE, self._playback.timing.queue_seconds)
        self.report.add(Stage.SYNTHESIS, self._playback.timing.run_seconds)
        if self._began_at:
            self.report.add(Stage.END_TO_RESULT, self._since_first_sentence())
