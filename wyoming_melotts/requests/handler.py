"""The text-to-speech protocol: whole texts, and texts that arrive while they are spoken."""

from wyoming.event import Event, Eventable
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
)

from wyoming_melotts.delivery.keep_alive import kept_alive
from wyoming_melotts.requests.answer import AudioAnswer
from wyoming_melotts.requests.fields import format_of, text_of, voice_of
from wyoming_melotts.requests.speaking import Voices
from wyoming_melotts.requests.text_stream import TextFormat, TextState, TextStream, whole_text
from wyoming_melotts.settings import MelottsSettings
from wyoming_melotts.voices import Voice
from wyoming_serving.errors import InvalidEvent, ServiceError
from wyoming_serving.session import Client


class RequestHandler:
    """Speaks one client's texts."""

    def __init__(self, client: Client, voices: Voices, settings: MelottsSettings) -> None:
        self._client = client
        self._voices = voices
        self._settings = settings
        self._stream: TextStream | None = None

    @property
    def in_request(self) -> bool:
        return self._stream is not None and self._stream.state is not TextState.FAILED

    async def handle(self, event: Event) -> None:
        if Synthesize.is_type(event.type):
            await self._take_whole(event)
        elif SynthesizeStart.is_type(event.type):
            await self._begin_stream(event)
        elif SynthesizeChunk.is_type(event.type):
            stream = self._current(event)
            try:
                stream.push(text_of(event))
            except ServiceError as error:
                stream.fail(error)
        elif SynthesizeStop.is_type(event.type):
            self._current(event).end()
            self._stream = None

    async def _take_whole(self, event: Event) -> None:
        text = text_of(event)
        if self._stream is not None:
            try:
                self._stream.repeat_whole(text)
            except ServiceError as error:
                self._stream.fail(error)
            return
        stream = whole_text(text, self._settings.max_text_length, format_of(event))
        voice = self._voice(event)
        answer = self._new_answer()
        await self._client.answer(answer.send(answer.audio(stream, voice)), answer.report)

    async def _begin_stream(self, event: Event) -> None:
        """Begin to speak a text that is yet to come; one that was never stopped ends here."""
        if self._stream is not None:
            self._stream.end()
        most = self._settings.max_text_length
        voice = None
        try:
            stream = TextStream(most, format_of(event))
            voice = self._voice(event)
        except ServiceError as error:
            stream = TextStream(most, TextFormat.PLAIN)
            stream.fail(error)
        self._stream = stream
        answer = self._new_answer()

        def closing() -> list[Eventable]:
            return [*answer.closing_events(), SynthesizeStopped()]

        work = self._answer_stream(answer, stream, voice)
        await self._client.answer(work, answer.report, closing)

    async def _answer_stream(
        self, answer: AudioAnswer, stream: TextStream, voice: Voice | None
    ) -> None:
        """Send the audio of a text that arrives, and say that it has stopped."""
        audio = answer.audio(stream, voice)
        if self._settings.silence_after_seconds:
            gap, rate = self._settings.silence_after_seconds, self._settings.sample_rate_hz
            audio = kept_alive(audio, gap, rate)
        await answer.send(audio)
        await self._client.send(SynthesizeStopped())

    def _new_answer(self) -> AudioAnswer:
        return AudioAnswer(self._client, self._voices, self._settings)

    def _current(self, event: Event) -> TextStream:
        if self._stream is None:
            raise InvalidEvent(f"{event.type} needs a synthesize-start before it")
        return self._stream

    def _voice(self, event: Event) -> Voice | None:
        """The voice that a request asks for, None where it asks for none."""
        wanted = voice_of(event)
        return None if wanted is None else self._voices.choose_voice(wanted)
