"""Sentences computed by replicas, each at one as long as that lives."""

import asyncio
import math
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from wyoming_melotts.delivery.playback import Playback
from wyoming_melotts.delivery.speech import SentenceRequest
from wyoming_melotts.frontends.budget import ReadingBudget
from wyoming_melotts.ray.messages import SentenceJob, SpokenPart
from wyoming_melotts.spoken import SpokenAudio
from wyoming_serving.ray.messages import Question
from wyoming_serving.ray.streams import RayStreams

_SEEDS = 1 << 31


class RaySpeech:
    """A `SentenceSource` whose engine is in replicas.

    A replica computes a sentence as fast as it can, which bounds what waits here to its audio. One
    that is lost takes the decoder's state along. Another one then computes the sentence again from
    the same random numbers and leaves out what was delivered.
    """

    def __init__(
        self, streams: RayStreams[SentenceJob, SpokenPart], seed: int, sample_rate_hz: int
    ) -> None:
        """`seed` is drawn for each sentence where it is negative."""
        self._streams = streams
        self._seed = seed
        self._rate_hz = sample_rate_hz
        self._speaking = 0

    async def chunks(
        self, request: SentenceRequest, playback: Playback
    ) -> AsyncGenerator[SpokenAudio, None]:
        """The audio of a sentence as it is computed; see `SentenceSource`."""
        self._speaking += 1
        try:
            async with aclosing(self._chunks(request, playback)) as chunks:
                async for chunk in chunks:
                    yield chunk
        finally:
            self._speaking -= 1

    async def compute_some(self, request: SentenceRequest) -> None:
        """Have a replica compute the first chunk of a sentence, and drop it."""
        async with aclosing(
            self.chunks(request, Playback(self._rate_hz, ReadingBudget(math.inf)))
        ) as chunks:
            await anext(chunks, None)

    async def close(self) -> None:
        """Nothing is left here of a sentence that nobody takes."""

    async def _chunks(
        self, request: SentenceRequest, playback: Playback
    ) -> AsyncGenerator[SpokenAudio, None]:
        reading = playback.reading
        job = SentenceJob(
            request.voice.name,
            request.text,
            request.speed,
            self._seed if self._seed >= 0 else secrets.randbelow(_SEEDS),
            is_crowded=self._speaking > 1,
            reading_seconds=reading.seconds,
            reading_spent=reading.spent,
        )

        def question() -> Question[SentenceJob]:
            seconds_left = playback.ends_at - asyncio.get_running_loop().time()
            return Question(job, seconds_left=seconds_left, admitted=playback.started)

        async with aclosing(self._streams.stream(question, playback.timing)) as parts:
            async for part in parts:
                reading.spent = part.reading_spent
                job = replace(
                    job,
                    skip_bytes=job.skip_bytes + len(part.audio.pcm),
                    skip_words=job.skip_words + len(part.audio.words),
                )
                yield part.audio
