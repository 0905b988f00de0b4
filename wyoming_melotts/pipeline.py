"""The engine of one process, and the workers that it runs in."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent import futures
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from wyoming_melotts.delivery.engine_speech import (
    EngineSpeech,
    Speech,
    SpeechEngine,
)
from wyoming_melotts.delivery.fades import faded
from wyoming_melotts.delivery.speech import SentenceRequest, SentenceSource
from wyoming_melotts.settings import MelottsSettings
from wyoming_melotts.spoken import SpokenAudio
from wyoming_melotts.voices import Voice, VoiceLibrary
from wyoming_serving.job_scheduler import WatchedScheduler
from wyoming_serving.memory import large_structure, release_freed_memory
from wyoming_serving.scheduler import BatchLimits, Scheduler, call_in_thread, each

_WARM_UP = {"ZH": "你好。", "JP": "はい。", "KR": "네.", "ES": "Hola.", "FR": "Bonjour."}

_LOOP_CHECK_SECONDS = 1.0
"""How often a speech that waits for its front-end looks whether the service has ended."""

FrontEnd = Scheduler[Callable[[], Any], Any]
Speaker = Scheduler[Speech, SpokenAudio | None]
Value = TypeVar("Value")


@dataclass(frozen=True)
class RemoteSpeech:
    """An engine in other processes."""

    speech: SentenceSource
    jobs: WatchedScheduler
    """What the other processes have to do."""
    device: str
    """In words."""
    leave: Callable[[], Awaitable[None]]
    """Lets go of the other processes, which go on."""


class SpeechPipeline:
    """Reads text in one thread and computes its audio on one device, for any number of texts."""

    def __init__(self, settings: MelottsSettings, library: VoiceLibrary) -> None:
        self._settings = settings
        self._library = library
        # one thread: gruut's database, for one, knows only the thread that it was opened in
        self._front_end_limits = BatchLimits(max_jobs=1, job_seconds=settings.job_seconds)
        self.front_end: FrontEnd = Scheduler(each(_call), self._front_end_limits, name="front-end")
        self._preparing: asyncio.Task[None] | None = None
        self.scheduler: Speaker | None = None
        """The door to the device; None until the device is known."""
        self.speech: EngineSpeech | None = None
        """None until there is an engine, and while it is being rebuilt."""

    async def load(self, voice: Voice) -> SpeechEngine:
        """Make the engine, while the front-end of a voice's language is read; that has started.

        Raises:
            ServiceError: the device does not work.
        """
        language = voice.model.language.key
        self._preparing = asyncio.create_task(_prepare(self.front_end, language), name="front-end")
        engine = await self._make_engine(self._settings)
        self.scheduler = Scheduler(
            each(Speech.next_chunk),
            speaker_limits(self._settings, on_gpu=engine.device.is_cuda),
            name="speaker",
        )
        self.scheduler.start()
        self.speech = EngineSpeech(engine, self.scheduler)
        return engine

    async def warm_up(self, engine: SpeechEngine, voice: Voice) -> None:
        """Load a voice that is on disk and speak with it, so that no client pays for that."""
        assert self.scheduler is not None and self._preparing is not None
        await self.scheduler.call(partial(_warm_up, engine, voice))
        await self._preparing
        await self.scheduler.call(release_freed_memory)

    def replace_front_end(self) -> None:
        """Read in another thread from now on, as the one that there is may be what hangs."""
        self.front_end.replace(each(_call), self._front_end_limits)

    async def rebuild(self, settings: MelottsSettings, voice: Voice) -> SpeechEngine:
        """Make another engine, in new workers, after the device failed.

        Raises:
            Exception: it cannot be made so.
        """
        assert self.scheduler is not None
        if self.speech is not None:
            await self.speech.close()
        self.speech = None  # its memory is needed, and the engine's
        engine = await self._make_engine(settings)
        await call_in_thread(partial(_warm_up, engine, voice), "engine")
        self.speech = EngineSpeech(engine, self.scheduler)
        self.scheduler.replace(
            each(Speech.next_chunk), speaker_limits(self._settings, on_gpu=engine.device.is_cuda)
        )
        return engine

    async def read_nothing(self) -> None:
        """Show whether the front-end answers."""
        await self.front_end.submit(lambda: None, admitted=True)

    async def close(self) -> None:
        """Stop all workers."""
        if self.speech is not None:
            await self.speech.close()
        if self.scheduler is not None:
            await self.scheduler.close()
        if self._preparing is not None:
            self._preparing.cancel()
            await asyncio.gather(self._preparing, return_exceptions=True)
        await self.front_end.close()

    async def _make_engine(self, settings: MelottsSettings) -> SpeechEngine:
        """An engine whose speeches wait for the front-end's only thread in their own ones."""
        loop = asyncio.get_running_loop()

        def in_front_end(function: Callable[[], Value]) -> Value:
            job = self.front_end.submit(function, admitted=True)
            try:
                answer = asyncio.run_coroutine_threadsafe(job, loop)
                while not answer.done() and not loop.is_closed():
                    futures.wait([answer], timeout=_LOOP_CHECK_SECONDS)
                found: Value = answer.result(timeout=0)
            finally:
                job.close()  # a loop that has ended does not run it
            return found

        def make() -> SpeechEngine:
            from wyoming_melotts.synthesis.engine import Engine  # slow to import

            return Engine(settings, self._library, shape=faded, in_front_end=in_front_end)

        return await call_in_thread(make, "engine")


def speaker_limits(settings: MelottsSettings, *, on_gpu: bool) -> BatchLimits:
    """How many sentences are computed side by side, and how many may wait."""
    return BatchLimits(
        workers=1 if on_gpu else settings.parallel_speeches,
        max_jobs=1,
        max_queue=settings.max_queue,
        max_wait_seconds=settings.max_wait_seconds,
        job_seconds=settings.job_seconds,
    )


def canary_request(voice: Voice) -> SentenceRequest:
    """Returns a short sentence, which shows whether the engine works."""
    return SentenceRequest(voice, _WARM_UP.get(voice.model.language.key, "Hello."))


async def _prepare(front_end: FrontEnd, language: str) -> None:
    """Load the dictionaries of a language while its voice is being loaded."""

    def read() -> None:
        from wyoming_melotts.frontends import frontend_for
        from wyoming_melotts.frontends.plain_tokenizer import PlainTokenizer

        with large_structure():
            frontend = frontend_for(language, PlainTokenizer())
            frontend.phonemize(frontend.normalize(_WARM_UP.get(language, "Hello.")))

    await front_end.submit(read, admitted=True)


def _call(function: Callable[[], Any]) -> Any:
    return function()


def _warm_up(engine: SpeechEngine, voice: Voice) -> None:
    """Speak until there is audio: everything has run by then."""
    next(engine.speak(voice, canary_request(voice).text), None)
