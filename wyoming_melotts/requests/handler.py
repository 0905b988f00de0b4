"""The text-to-speech protocol: whole texts, and texts that arrive while they are spoken."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
)

from wyoming_melotts.delivery.playback import Playback
from wyoming_melotts.delivery.prefetch import prefetch
from wyoming_melotts.delivery.sentences import SentenceCutter, cut_sentences
from wyoming_melotts.voices import Voice, VoiceRequest
from wyoming_serving.errors import ErrorCode, InvalidEvent, ServiceError
from wyoming_serving.session import Client

if TYPE_CHECKING:
    from wyoming_melotts.service import MelottsService

_PREFETCHED_CHUNKS = 16
"""Audio computed ahead of a client that reads slowly: a few seconds."""

_FORMAT = {"width": 2, "channels": 1}


@dataclass
class _TextStream:
    """A text on its way in. None in `sentences` is its end."""

    sentences: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue)
    cutter: SentenceCutter = field(default_factory=SentenceCutter)
    characters: int = 0
    whole_text: str = ""

    def push(self, text: str) -> None:
        """Take the next part of the text."""
        self.characters += len(text)
        for sentence in self.cutter.push(text):
            self.sentences.put_nowait(sentence)

    def end(self) -> None:
        """Take the end; where no part came, the text that was repeated whole counts."""
        if not self.characters:
            self.push(self.whole_text)
        for sentence in self.cutter.finish():
            self.sentences.put_nowait(sentence)
        self.sentences.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[str]:
        while (sentence := await self.sentences.get()) is not None:
            yield sentence


class RequestHandler:
    """Speaks one client's texts."""

    def __init__(self, service: "MelottsService", session: Client) -> None:
        self._service = service
        self._session = session
        self._stream: _TextStream | None = None

    @property
    def in_request(self) -> bool:
        return self._stream is not None

    async def handle(self, event: Event) -> None:
        if Synthesize.is_type(event.type):
            await self._take_whole(event)
        elif SynthesizeStart.is_type(event.type):
            await self._begin_stream(event)
        elif SynthesizeChunk.is_type(event.type):
            stream = self._current(event)
            stream.push(self._text(event, already=stream.characters))
        elif SynthesizeStop.is_type(event.type):
            self._current(event).end()
            self._stream = None

    async def _take_whole(self, event: Event) -> None:
        text = self._text(event)
        if self._stream is not None:
            # repeats a streamed text for servers that do not stream
            self._stream.whole_text = text
            return
        voice = self._voice(event)
        await self._session.answer(self._speak_all(_each(cut_sentences(text)), voice))

    async def _begin_stream(self, event: Event) -> None:
        """Begin to speak a text that is yet to come; one that was never stopped ends here."""
        if self._stream is not None:
            self._stream.end()
        self._stream = _TextStream()
        await self._session.answer(self._speak_stream(self._stream, self._voice(event)))

    async def _speak_stream(self, stream: _TextStream, voice: Voice | None) -> None:
        await self._speak_all(aiter(stream), voice)
        await self._session.send(SynthesizeStopped())

    async def _speak_all(self, sentences: AsyncIterator[str], voice: Voice | None) -> None:
        """Answer with one audio; the next chunks are computed while the last ones are sent."""
        rate = self._service.settings.sample_rate_hz
        started = False
        async for audio in prefetch(self._audio(sentences, voice), _PREFETCHED_CHUNKS):
            if not started:
                await self._session.send(AudioStart(rate=rate, **_FORMAT))
                started = True
            await self._session.send(AudioChunk(rate=rate, audio=audio, **_FORMAT))
        if not started:
            await self._session.send(AudioStart(rate=rate, **_FORMAT))
        await self._session.send(AudioStop())

    async def _audio(
        self, sentences: AsyncIterator[str], voice: Voice | None
    ) -> AsyncGenerator[bytes, None]:
        playback = Playback(self._service.settings.sample_rate_hz)
        async for sentence in sentences:
            if voice is None:
                voice = self._service.library.fitting(sentence, self._service.default_voice)
            async with aclosing(self._service.speak(voice, sentence, playback)) as chunks:
                async for chunk in chunks:
                    yield chunk

    def _current(self, event: Event) -> _TextStream:
        if self._stream is None:
            raise InvalidEvent(f"{event.type} needs a synthesize-start before it")
        return self._stream

    def _text(self, event: Event, already: int = 0) -> str:
        """The text of an event.

        Raises:
            InvalidEvent: there is none.
            ServiceError: with what came `already` it is too long.
        """
        text = event.data.get("text")
        if not isinstance(text, str):
            raise InvalidEvent(f"{event.type}: text must be text, got {str(text)[:40]!r}")
        most = self._service.settings.max_text_length
        if already + len(text) > most:
            raise ServiceError(
                ErrorCode.TEXT_TOO_LONG, f"a text may have {most} characters at most"
            )
        return text

    def _voice(self, event: Event) -> Voice | None:
        """The voice that a request names, None where it names none."""
        voice = event.data.get("voice")
        if voice is None:
            return None
        if not isinstance(voice, dict):
            raise InvalidEvent(f"{event.type}: voice must be an object, got {str(voice)[:40]!r}")
        wanted = VoiceRequest(*(_entry(voice, key) for key in ("name", "language", "speaker")))
        if wanted == VoiceRequest():
            return None
        return self._service.library.choose(wanted, self._service.default_voice)


def _entry(voice: dict[str, Any], key: str) -> str | None:
    value = voice.get(key)
    if value is not None and not isinstance(value, str):
        raise InvalidEvent(f"voice: {key} must be text, got {str(value)[:40]!r}")
    return value or None


async def _each(sentences: list[str]) -> AsyncIterator[str]:
    for sentence in sentences:
        yield sentence
