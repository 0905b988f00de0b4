"""The text-to-speech service: settings and voices in, audio out."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from wyoming.info import Info

from wyoming_melotts.delivery.cache import AudioCache
from wyoming_melotts.delivery.playback import Playback
from wyoming_melotts.info import describe_voices
from wyoming_melotts.reachability import RECHECK_SECONDS, reachable_hubs
from wyoming_melotts.requests.handler import RequestHandler
from wyoming_melotts.settings import MelottsSettings
from wyoming_melotts.voices import Model, Voice, VoiceLibrary
from wyoming_serving.audio import encode_pcm16
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.hub import HubName
from wyoming_serving.memory import release_freed_memory
from wyoming_serving.monitoring import SchedulerCollector
from wyoming_serving.scheduler import BatchLimits, Scheduler
from wyoming_serving.service import Service
from wyoming_serving.session import Client

if TYPE_CHECKING:
    from wyoming_melotts.synthesis.engine import Engine


_CHUNK_BYTES = 1 << 16
"""Audio that was computed before is sent in events of this size."""

_WARM_UP = {"ZH": "你好。", "JP": "はい。", "KR": "네.", "ES": "Hola.", "FR": "Bonjour."}

_TIDY_AFTER_SECONDS = 10.0

_FIRST_AUDIO, _LATER_AUDIO = 0, 1
"""Priorities: who hears nothing yet goes before who hears something."""

Speech = Iterator[bytes]
"""PCM chunks of a sentence, each computed when it is asked for."""


class MelottsService(Service):
    """The voices of one device, for any number of clients."""

    name = "melotts"

    def __init__(self, settings: MelottsSettings) -> None:
        """Read what costs nothing; voices wait for `load`.

        Raises:
            ServiceError: a voice's name or the folder of voices is wrong.
        """
        super().__init__(settings)
        self.settings: MelottsSettings = settings
        self.library = VoiceLibrary(settings)
        self.default_voice = self.library.default(settings.voice)
        self._preload = [self.library.find(name) for name in settings.preload]
        self._cache = AudioCache(settings.cache_mb << 20)
        self._reachable: set[HubName] = set()
        self._watching: asyncio.Task[None] | None = None
        self._downloads: dict[str, asyncio.Task[object]] = {}
        self._engine: Engine | None = None
        self._speaking = 0
        self._tidying: asyncio.Task[None] | None = None
        self._scheduler: Scheduler[Speech, bytes | None] = Scheduler(
            self._advance,
            BatchLimits(
                max_jobs=settings.parallel_speeches,
                max_queue=settings.max_queue,
                max_wait_seconds=settings.max_wait_seconds,
            ),
            name="speaker",
        )
        self.metrics.register(SchedulerCollector(self._scheduler))

    async def load(self) -> None:
        if not self.settings.offline:
            self._watching = asyncio.create_task(self._watch_hubs(), name="hubs")
        self._scheduler.start()
        self._engine = await self._scheduler.call(self._make_engine)
        for voice in (self.default_voice, *self._preload):
            await self._download(voice.model)
            await self._scheduler.call(partial(self._warm_up, voice))
        await self._scheduler.call(release_freed_memory)

    async def close(self) -> None:
        others = [task for task in (self._watching, self._tidying) if task is not None]
        tasks = [*self._downloads.values(), *others]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._scheduler.close()
        if self._engine is not None:
            self._engine.close()

    def handler(self, client: Client) -> RequestHandler:
        return RequestHandler(self, client)

    def info(self) -> Info:
        installed = {
            model.key
            for model in self.library.models.values()
            if self.library.can_speak(model, self._reachable)
        }
        return describe_voices(self.library.voices(), installed)

    async def speak(
        self, voice: Voice, sentence: str, playback: Playback
    ) -> AsyncGenerator[bytes, None]:
        """The audio of a sentence as 16-bit PCM, as it is computed.

        Each chunk is a job of its own. Before `playback` has audio the job is urgent, and the
        first may be refused; after that no answer breaks off, and the client that has the least
        left to play is served next.

        Raises:
            ServiceError: the voice cannot be had, or too much waits.
        """
        key = (voice.name, sentence)
        known = self._cache.get(key)
        if known is not None:
            for start in range(0, len(known), _CHUNK_BYTES):
                chunk = known[start : start + _CHUNK_BYTES]
                playback.add(len(chunk))
                yield chunk
            return
        await self.wait_ready()
        await self._wait_for_download(voice.model)
        assert self._engine is not None
        speech = map(encode_pcm16, self._engine.speak(voice, sentence, self._is_crowded))
        chunks = []
        self._speaking += 1
        try:
            while (computed := await self._next(speech, playback)) is not None:
                playback.add(len(computed))
                chunks.append(computed)
                yield computed
        finally:
            self._speaking -= 1
            if not self._speaking:
                self._tidy_up_later()
        self._cache.put(key, b"".join(chunks))

    def _tidy_up_later(self) -> None:
        """What speech leaves behind is a quarter of the memory; return it once nobody speaks."""
        if self._tidying is not None:
            self._tidying.cancel()
        self._tidying = asyncio.create_task(self._tidy_up(), name="tidy up")

    async def _tidy_up(self) -> None:
        await asyncio.sleep(_TIDY_AFTER_SECONDS)
        if not self._speaking:
            await self._scheduler.call(release_freed_memory)

    async def _next(self, speech: Speech, playback: Playback) -> bytes | None:
        return await self._scheduler.submit(
            speech,
            _LATER_AUDIO if playback.started else _FIRST_AUDIO,
            deadline=playback.ends_at,
            admitted=playback.started,
        )

    def _is_crowded(self) -> bool:
        return self._speaking > 1

    def _advance(self, speeches: Sequence[Speech]) -> list[bytes | Exception | None]:
        assert self._engine is not None
        return self._engine.advance(speeches)

    def _make_engine(self) -> "Engine":
        from wyoming_melotts.synthesis.engine import Engine

        return Engine(self.settings, self.library)

    def _warm_up(self, voice: Voice) -> None:
        assert self._engine is not None
        for _ in self._engine.speak(voice, _WARM_UP.get(voice.model.language.key, "Hello.")):
            pass

    async def _wait_for_download(self, model: Model) -> None:
        """Wait a while for a voice that is not on disk; its download goes on without us."""
        try:
            async with asyncio.timeout(self.settings.load_wait_seconds):
                await self._download(model)
        except TimeoutError:
            raise ServiceError(
                ErrorCode.NOT_READY, f"voice {model.key} is being downloaded; try again later"
            ) from None

    async def _download(self, model: Model) -> None:
        """Fetch what a model lacks, beside the device's thread, once for all who wait."""
        if self.library.on_disk(model):
            return
        task = self._downloads.get(model.key)
        if task is None:
            task = asyncio.create_task(asyncio.to_thread(self.library.fetch, model))
            self._downloads[model.key] = task
            task.add_done_callback(lambda _: self._downloads.pop(model.key, None))
        await asyncio.shield(task)

    async def _watch_hubs(self) -> None:
        """Keep up with which hubs can be reached, for an honest info message."""
        while True:
            self._reachable = await asyncio.to_thread(reachable_hubs)
            await asyncio.sleep(RECHECK_SECONDS)
