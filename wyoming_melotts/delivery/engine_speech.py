"""Sentences computed chunk by chunk on the device of this process."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextvars import copy_context
from functools import partial
from typing import Protocol

from wyoming_melotts.delivery.playback import Playback
from wyoming_melotts.delivery.speech import SentenceRequest
from wyoming_melotts.frontends.budget import UNLIMITED, ReadingBudget
from wyoming_melotts.spoken import SpokenAudio, SpokenWord
from wyoming_melotts.voices import Model, Voice
from wyoming_melotts.voices.selection import reading_voice
from wyoming_serving.audio import Samples, encode_pcm16
from wyoming_serving.devices import Device
from wyoming_serving.memory import release_freed_memory
from wyoming_serving.scheduler import Scheduler, call_in_thread
from wyoming_serving.tracing import spans

_TIDY_AFTER_SECONDS = 10.0

_FIRST_AUDIO, _LATER_AUDIO = 0, 1
"""Priorities: what may be the first that a client hears goes before what others hear later."""


class Speech:
    """Chunks of a sentence, each computed in a worker when it is asked for."""

    def __init__(self, chunks: Iterator[SpokenAudio]) -> None:
        """What is computed belongs to the request that asks for it here, in any thread."""
        self._chunks = chunks
        self._context = copy_context()

    def next_chunk(self) -> SpokenAudio | None:
        """Compute the next chunk; None at the end."""
        return self._context.run(next, self._chunks, None)


class SpeechEngine(Protocol):
    """What computes speech on a device; its methods run in the scheduler's threads."""

    @property
    def device(self) -> Device:
        """Where it computes."""

    @property
    def loaded(self) -> Sequence[Model]:
        """The models in memory."""

    def load(self, model: Model) -> object:
        """Bring a model into memory where it is not; for any thread.

        Raises:
            ServiceError: its files are missing or wrong.
        """

    def speak(
        self,
        voice: Voice,
        text: str,
        crowded: Callable[[], bool] = ...,
        speed: float = ...,
        reading: ReadingBudget = ...,
        take_words: Callable[[Sequence[SpokenWord]], None] = ...,
        seed: int | None = ...,
    ) -> Iterator[Samples]:
        """The audio of a sentence in chunks, each computed when it is asked for.

        `crowded` says whether other sentences are being spoken at the same time; `speed` is
        relative to the settings'; `reading` is what may be spent on reading the sentence;
        `take_words` is called with words before their audio comes; `seed` is the settings' where
        none is given.
        """


class EngineSpeech:
    """A `SentenceSource` behind a scheduler, which advances speeches by one chunk a job."""

    def __init__(
        self, engine: SpeechEngine, scheduler: Scheduler[Speech, SpokenAudio | None]
    ) -> None:
        """A job's result is None at the end of its speech."""
        self._engine = engine
        self._scheduler = scheduler
        self._speaking = 0
        self._tidying: asyncio.Task[None] | None = None

    async def chunks(
        self,
        request: SentenceRequest,
        playback: Playback,
        *,
        seed: int | None = None,
        crowded: Callable[[], bool] | None = None,
    ) -> AsyncGenerator[SpokenAudio, None]:
        """The audio of a sentence as it is computed; see `SpeechEngine.speak`.

        Each chunk is a job of its own. Before `playback` has audio the job is urgent, and the
        first may be refused; after that no answer breaks off, and the client that has the least
        left to play is served next.
        """
        is_crowded = crowded or self._is_crowded
        speech = await self._speech(request, playback.reading, is_crowded, seed)
        self._speaking += 1
        try:
            chunk = await self._first_chunk(speech, playback)
            while chunk is not None:
                yield chunk
                chunk = await self._next_chunk(speech, playback)
        finally:
            self._speaking -= 1
            if not self._speaking:
                self._tidy_up_later()

    async def compute_some(self, request: SentenceRequest) -> None:
        """Compute the first chunk of a sentence behind all other work, and drop it."""
        speech = await self._speech(request, UNLIMITED, self._is_crowded, None)
        await self._scheduler.submit(speech, _LATER_AUDIO)

    async def close(self) -> None:
        """Forget what was to be done later."""
        if self._tidying is not None:
            self._tidying.cancel()
            await asyncio.gather(self._tidying, return_exceptions=True)

    async def _speech(
        self,
        request: SentenceRequest,
        reading: ReadingBudget,
        crowded: Callable[[], bool],
        seed: int | None,
    ) -> Speech:
        """A sentence to be advanced. Its voice is loaded before, not in its first job: loading may
        take longer than a batch is given, and others speak meanwhile."""
        voice = reading_voice(request.text, request.voice)
        if voice.model not in self._engine.loaded:
            await call_in_thread(partial(self._engine.load, voice.model), "voice")
        speak = partial(
            self._engine.speak, voice, request.text, crowded, request.speed, reading, seed=seed
        )
        return Speech(_spoken(speak))

    async def _first_chunk(self, speech: Speech, playback: Playback) -> SpokenAudio | None:
        with spans.span("first chunk"):
            return await self._submitted(speech, playback)

    async def _next_chunk(self, speech: Speech, playback: Playback) -> SpokenAudio | None:
        with spans.without():  # many, and alike
            return await self._submitted(speech, playback)

    async def _submitted(self, speech: Speech, playback: Playback) -> SpokenAudio | None:
        return await self._scheduler.submit(
            speech,
            _FIRST_AUDIO if playback.is_urgent else _LATER_AUDIO,
            deadline=playback.ends_at,
            admitted=playback.started,
            timing=playback.timing,
        )

    def _is_crowded(self) -> bool:
        return self._speaking > 1

    def _tidy_up_later(self) -> None:
        """What speech leaves behind is a quarter of the memory; return it once nobody speaks."""
        if self._tidying is not None:
            self._tidying.cancel()
        self._tidying = asyncio.create_task(self._tidy_up(), name="tidy up")

    async def _tidy_up(self) -> None:
        await asyncio.sleep(_TIDY_AFTER_SECONDS)
        if not self._speaking:
            await self._scheduler.call(release_freed_memory)


def _spoken(speak: Callable[..., Iterator[Samples]]) -> Iterator[SpokenAudio]:
    words: list[SpokenWord] = []
    for samples in speak(take_words=words.extend):
        yield SpokenAudio(encode_pcm16(samples), tuple(words))
        words.clear()
