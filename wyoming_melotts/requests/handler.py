"""The text-to-speech protocol: whole texts, and texts that arrive while they are spoken."""

from wyoming.event import Event
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
)

from wyoming_melotts.requests.answer import AudioAnswer, Speaker
from wyoming_melotts.requests.fields import text_of, voice_of
from wyoming_melotts.requests.text_stream import TextStream, whole_text
from wyoming_melotts.settings import MelottsSettings
from wyoming_melotts.voices import Voice
from wyoming_serving.errors import InvalidEvent
from wyoming_serving.session import Client


class RequestHandler:
    """Speaks one client's texts."""

    def __init__(self, client: Client, speaker: Speaker, settings: MelottsSettings) -> None:
        self._client = client
        self._speaker = speaker
        self._settings = settings
        self._stream: TextStream | None = None

    @property
    def in_request(self) -> bool:
        return self._stream is not None

    async def handle(self, event: Event) -> None:
        if Synthesize.is_type(event.type):
            await self._take_whole(event)
        elif SynthesizeStart.is_type(event.type):
            await self._begin_stream(event)
        elif SynthesizeChunk.is_type(event.type):
            self._current(event).push(text_of(event))
        elif SynthesizeStop.is_type(event.type):
            self._current(event).end()
            self._stream = None

    async def _take_whole(self, event: Event) -> None:
        text = text_of(event)
        if self._stream is not None:
            self._stream.repeat_whole(text)
            return
        sentences = whole_text(text, self._settings.max_text_length)
        answer = self._answer()
        await self._client.answer(answer.send(sentences, self._voice(event)), answer.report)

    async def _begin_stream(self, event: Event) -> None:
        """Begin to speak a text that is yet to come; one that was never stopped ends here."""
        if self._stream is not None:
            self._stream.end()
        self._stream = TextStream(self._settings.max_text_length)
        answer = self._answer()
        work = self._answer_stream(answer, self._stream, self._voice(event))
        await self._client.answer(work, answer.report)

    async def _answer_stream(
        self, answer: AudioAnswer, stream: TextStream, voice: Voice | None
    ) -> None:
        await answer.send(stream, voice)
        await self._client.send(SynthesizeStopped())

    def _answer(self) -> AudioAnswer:
        return AudioAnswer(self._client, self._speaker, self._settings.sample_rate_hz)

    def _current(self, event: Event) -> TextStream:
        if self._stream is None:
            raise InvalidEvent(f"{event.type} needs a synthesize-start before it")
        return self._stream

    def _voice(self, event: Event) -> Voice | None:
        """The voice that a request asks for, None where it asks for none."""
        wanted = voice_of(event)
        return None if wanted is None else self._speaker.choose_voice(wanted)
