"""The voices as a replica."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any

from wyoming_melotts.delivery.playback import Playback
from wyoming_melotts.delivery.speech import SentenceRequest
from wyoming_melotts.frontends.budget import ReadingBudget
from wyoming_melotts.pipeline import SpeechPipeline, canary_request
from wyoming_melotts.ray.messages import Rest, SentenceJob, SpokenPart
from wyoming_melotts.settings import MelottsSettings
from wyoming_melotts.spoken import SpokenAudio
from wyoming_melotts.voices import Voice, VoiceLibrary
from wyoming_melotts.voices.current import CurrentVoices
from wyoming_melotts.voices.selection import find_voice
from wyoming_serving import __version__
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.job_queue import JobTiming
from wyoming_serving.ray.messages import Answer, Question, ReplicaFacts
from wyoming_serving.ray.replica import Replica, end_process
from wyoming_serving.tracing import spans
from wyoming_serving.tracing.starting import start_tracing

_HEARD = (
    "speed",
    "sdp_ratio",
    "noise_scale",
    "noise_scale_w",
    "sample_rate_hz",
    "sentence_silence_ms",
    "text_normalization",
)


def heard_settings(settings: MelottsSettings, default: Voice) -> dict[str, str]:
    """Returns the settings that decide how sentences sound."""
    home = "known" if settings.home is not None else "none"
    return {"voice": default.name, "home": home} | {
        name: str(getattr(settings, name)) for name in _HEARD
    }


class SpeakerReplica(Replica):
    """Loads voices as the settings say, and speaks for any number of fronts."""

    async def __init__(  # type: ignore[misc]  # Ray Serve awaits it
        self, given: Mapping[str, Any], end: Callable[[], None] = end_process
    ) -> None:
        """Load the voices; Ray Serve asks nothing of a replica before that is done.

        Raises:
            ServiceError: a voice cannot be had, or does not run here.
        """
        self._settings = settings = MelottsSettings(**given)
        start_tracing(settings.otlp_endpoint, "wyoming-melotts replica")
        library = VoiceLibrary(self._settings)
        self._voices = CurrentVoices(library, self._settings)
        pipeline = SpeechPipeline(self._settings, library)
        pipeline.front_end.start()
        default = self._voices.default
        engine = await pipeline.load(default)
        for voice in (default, *self._voices.preloaded):
            await self._voices.ensure_on_disk(voice.model)
            await pipeline.warm_up(engine, voice)
        assert pipeline.scheduler is not None and pipeline.speech is not None
        self._pipeline = pipeline
        self._speech = speech = pipeline.speech
        super().__init__(
            pipeline.scheduler,
            lambda: speech.compute_some(canary_request(default)),
            ReplicaFacts(
                __version__, heard_settings(self._settings, default), engine.device.description
            ),
            end,
        )

    async def close(self) -> None:
        """Stop the workers, in a program that goes on without them."""
        await self._pipeline.close()

    async def stream(
        self, question: Question[SentenceJob]
    ) -> AsyncGenerator[Answer[SpokenPart], None]:
        """Speak a sentence, chunk by chunk, or say why not."""
        spans.adopt(question.trace)
        job = question.job
        rest = Rest(job.skip_bytes, job.skip_words)
        reading = ReadingBudget(job.reading_seconds, job.reading_spent)
        playback = Playback(self._settings.sample_rate_hz, reading)
        if question.admitted:
            playback.resume(question.seconds_left)
        try:
            async with aclosing(self._chunks(job, playback)) as chunks:
                async for chunk in chunks:
                    timing, playback.timing = playback.timing, JobTiming()
                    if (undelivered := rest.of(chunk)) is not None:
                        playback.add(len(undelivered.pcm))
                        yield Answer(timing, SpokenPart(undelivered, reading.spent))
        except Exception as error:
            failure = await self._failure(error, playback.timing)
            yield Answer(playback.timing, failure=failure)

    async def _chunks(
        self, job: SentenceJob, playback: Playback
    ) -> AsyncGenerator[SpokenAudio, None]:
        request = SentenceRequest(await self._voice(job.voice), job.text, job.speed)
        chunks = self._speech.chunks(
            request, playback, seed=job.seed, crowded=lambda: job.is_crowded
        )
        async with aclosing(chunks):
            async for chunk in chunks:
                yield chunk

    async def _voice(self, name: str) -> Voice:
        """A voice of that name, on disk.

        Raises:
            ServiceError: there is none, or it cannot be had in time.
        """
        try:
            voice = find_voice(name, self._voices.inventory)
        except ServiceError:
            await self._voices.refresh()  # it may have been put there since
            voice = find_voice(name, self._voices.inventory)
        try:
            async with asyncio.timeout(self._settings.load_wait_seconds):
                await self._voices.ensure_on_disk(voice.model)
        except TimeoutError:
            raise ServiceError(
                ErrorCode.NOT_READY, f"voice {voice.model.key} is being downloaded; try again later"
            ) from None
        return voice
