"""The answer to a text: one audio, sent while the next of it is computed."""

from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing
from enum import Enum, auto

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Eventable

from wyoming_melotts.requests.speaking import Speaking, Voices
from wyoming_melotts.requests.text import TextPart
from wyoming_melotts.settings import MelottsSettings
from wyoming_melotts.spoken import SpokenAudio
from wyoming_melotts.voices import Voice
from wyoming_serving.reports import RequestReport
from wyoming_serving.session import Client

_FORMAT = {"width": 2, "channels": 1}


class AnswerState(Enum):
    """What of an answer has been sent."""

    NOTHING = auto()
    BEGUN = auto()
    ENDED = auto()


class AudioAnswer:
    """Sends the audio of one text to a client."""

    def __init__(self, client: Client, voices: Voices, settings: MelottsSettings) -> None:
        self.state = AnswerState.NOTHING
        self._client = client
        self._rate_hz = settings.sample_rate_hz
        self._speaking = Speaking(voices, settings)

    @property
    def report(self) -> RequestReport:
        """What the text was and took, so far."""
        return self._speaking.report

    async def audio(
        self, text: AsyncIterable[TextPart], voice: Voice | None
    ) -> AsyncGenerator[bytes, None]:
        """The audio of a text as 16-bit mono PCM; see `Speaking.events`."""
        async with aclosing(self._speaking.events(text, voice)) as events:
            async for event in events:
                if isinstance(event, SpokenAudio):
                    yield event.pcm

    async def send(self, audio: AsyncGenerator[bytes, None]) -> None:
        """Send all audio between an audio-start and an audio-stop."""
        async with aclosing(audio):
            async for chunk in audio:
                await self._begin()
                await self._client.send(AudioChunk(rate=self._rate_hz, audio=chunk, **_FORMAT))
        await self._begin()
        await self._client.send(AudioStop())
        self.state = AnswerState.ENDED
        self._speaking.complete_report()

    def closing_events(self) -> list[Eventable]:
        """The events that are missing where an answer breaks off."""
        return [AudioStop()] if self.state is AnswerState.BEGUN else []

    async def _begin(self) -> None:
        if self.state is AnswerState.NOTHING:
            self.state = AnswerState.BEGUN
            self._speaking.note_first_audio()
            await self._client.send(AudioStart(rate=self._rate_hz, **_FORMAT))
