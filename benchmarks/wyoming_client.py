"""One request to a Wyoming server, timed, as Home Assistant makes it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop

from benchmarks.utterances import RATE_HZ, Samples, Utterance, room_noise

DETECTOR_SILENCE_S = 0.7
"""Silence after which Home Assistant's own detector ends a command."""
_CHUNK = 512
"""32 ms, what an ESPHome satellite sends at once."""
_LONGEST_SILENCE_S = 6.0
"""After this a server that should have found the end has missed it."""
_LIMIT_S = 300.0


class RequestError(Exception):
    """The server gave no answer, or refused."""


@dataclass(frozen=True)
class Heard:
    """A transcript; times in seconds from the first sample."""

    text: str
    speech_end_s: float
    transcript_s: float
    audio_stop_s: float | None
    """None when the transcript came before audio-stop."""
    audio_s: float | None = None
    """Audio that the server took into account, where it says so."""

    @property
    def cut_short(self) -> bool:
        """Whether the server took the utterance for over before it was.

        A server that does not say what it heard is only caught when it answers before the end.
        """
        heard_s = self.transcript_s if self.audio_s is None else self.audio_s
        return min(heard_s, self.transcript_s) < self.speech_end_s

    @property
    def after_speech_s(self) -> float:
        """From the true end of the speech; below 0 the server did not wait for it."""
        return self.transcript_s - self.speech_end_s

    @property
    def after_stop_s(self) -> float | None:
        """From audio-stop."""
        return None if self.audio_stop_s is None else self.transcript_s - self.audio_stop_s


@dataclass(frozen=True)
class Spoken:
    """An answer in sound; seconds from the request."""

    first_audio_s: float
    total_s: float
    audio_s: float


async def ask_info(port: int) -> Info:
    """What the server says of itself."""
    async with _connection(port) as client:
        await client.write_event(Describe().event())
        return Info.from_event(await _next(client, Info.is_type))


async def finds_the_end(port: int) -> bool:
    """Whether the first program does endpointing, as Home Assistant reads it."""
    return (await ask_info(port)).asr[0].requires_external_vad is False


async def speak(
    port: int, utterance: Utterance, *, server_ends: bool, sensitivity: str | None = None
) -> Heard:
    """Say something at the pace it is spoken.

    With `server_ends` the room's noise goes on until the transcript is here. Without, audio-stop
    comes after `DETECTOR_SILENCE_S` of it. A chunk is sent when its last sample has been heard.
    """
    tail_s = _LONGEST_SILENCE_S if server_ends else DETECTOR_SILENCE_S
    tail = room_noise(round(tail_s * RATE_HZ), seed=2)
    async with _connection(port) as client:
        await _begin(client, Transcribe(language=utterance.language, vad_sensitivity=sensitivity))
        started = time.perf_counter()
        answer = asyncio.create_task(_transcript(client))
        try:
            with suppress(ConnectionError):  # reading says more about why it has gone
                await _pace(client, np.concatenate([utterance.samples, tail]), started, answer)
            stopped = None if answer.done() else time.perf_counter() - started
            with suppress(ConnectionError):
                await client.write_event(AudioStop().event())
            transcript, arrived = await answer
        finally:
            answer.cancel()
    audio_ms = (transcript.context or {}).get("audio_ms")
    audio_s = None if audio_ms is None else audio_ms / 1000
    return Heard(transcript.text, utterance.seconds, arrived - started, stopped, audio_s)


async def send_at_once(port: int, samples: Samples, language: str = "en") -> Heard:
    """Send audio as fast as the server takes it; the speech ends with audio-stop."""
    async with _connection(port) as client:
        await _begin(client, Transcribe(language=language))
        started = time.perf_counter()
        for chunk in _chunks(samples):
            await client.write_event(chunk.event())
        await client.write_event(AudioStop().event())
        stopped = time.perf_counter() - started
        transcript, arrived = await _transcript(client)
    return Heard(transcript.text, stopped, arrived - started, stopped)


async def listen(port: int, text: str, *, streaming: bool = False) -> Spoken:
    """Have a text spoken; `streaming` hands it over in pieces, as a language model writes it."""
    async with _connection(port) as client:
        started = time.perf_counter()
        for event in _stream(text) if streaming else [Synthesize(text=text).event()]:
            await client.write_event(event)
        last = "synthesize-stopped" if streaming else "audio-stop"
        first, audio_s = 0.0, 0.0
        while (event := await _next(client)).type != last:
            if AudioChunk.is_type(event.type):
                chunk = AudioChunk.from_event(event)
                first = first or time.perf_counter() - started
                audio_s += chunk.seconds
        return Spoken(first, time.perf_counter() - started, audio_s)


def _stream(text: str) -> Iterator[Event]:
    yield SynthesizeStart().event()
    for start in range(0, len(text), 3):
        yield SynthesizeChunk(text=text[start : start + 3]).event()
    yield Synthesize(text=text).event()
    yield SynthesizeStop().event()


@asynccontextmanager
async def _connection(port: int) -> AsyncIterator[AsyncTcpClient]:
    client = AsyncTcpClient("127.0.0.1", port)
    async with asyncio.timeout(_LIMIT_S), client:
        yield client


async def _begin(client: AsyncTcpClient, request: Transcribe) -> None:
    await client.write_event(request.event())
    await client.write_event(AudioStart(RATE_HZ, 2, 1).event())


def _chunks(samples: Samples) -> Iterator[AudioChunk]:
    for start in range(0, len(samples), _CHUNK):
        yield AudioChunk(RATE_HZ, 2, 1, samples[start : start + _CHUNK].tobytes())


async def _pace(
    client: AsyncTcpClient, samples: Samples, started: float, answer: asyncio.Task[Any]
) -> None:
    """Send samples in real time until they end or the answer is here."""
    for number, chunk in enumerate(_chunks(samples), 1):
        await asyncio.sleep(started + number * _CHUNK / RATE_HZ - time.perf_counter())
        if answer.done():
            return
        await client.write_event(chunk.event())


async def _transcript(client: AsyncTcpClient) -> tuple[Transcript, float]:
    """The transcript, and when it came."""
    event = await _next(client, Transcript.is_type)
    return Transcript.from_event(event), time.perf_counter()


async def _next(client: AsyncTcpClient, wanted: Callable[[str], bool] = bool) -> Event:
    while event := await client.read_event():
        if Error.is_type(event.type):
            raise RequestError(Error.from_event(event).text)
        if wanted(event.type):
            return event
    raise RequestError("the server closed the connection without an answer")
