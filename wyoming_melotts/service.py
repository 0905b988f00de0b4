"""The text-to-speech service: voices, engine, scheduler and requests, put together."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from concurrent import futures
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from wyoming.info import Info

from wyoming_melotts.api.host import OfferedVoice
from wyoming_melotts.delivery.cache import AudioCache
from wyoming_melotts.delivery.encoding import AudioFormat, Encoder, EncoderJob, make_encoder
from wyoming_melotts.delivery.fades import faded
from wyoming_melotts.delivery.messages import (
    MessageEncoder,
    MessageEncoding,
    make_message_encoder,
)
from wyoming_melotts.delivery.playback import Playback
from wyoming_melotts.delivery.speech import SentenceAudio, Speech, SpeechEngine
from wyoming_melotts.frontends.readings import read_readings
from wyoming_melotts.reading import TextReading
from wyoming_melotts.requests.handler import RequestHandler
from wyoming_melotts.settings import MelottsSettings
from wyoming_melotts.spoken import SpokenAudio
from wyoming_melotts.voices import Model, Voice, VoiceLibrary
from wyoming_melotts.voices.care import VoiceCare
from wyoming_melotts.voices.current import CurrentVoices
from wyoming_melotts.voices.info import describe_voices
from wyoming_melotts.voices.reachability import HubWatch
from wyoming_melotts.voices.selection import VoiceRequest
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.job_scheduler import JobScheduler
from wyoming_serving.memory import release_freed_memory
from wyoming_serving.scheduler import BatchLimits, Scheduler, call_in_thread, each
from wyoming_serving.service import Service
from wyoming_serving.session import Client
from wyoming_serving.status import EngineDescription
from wyoming_serving.supervision import Canary, Reduction

if TYPE_CHECKING:  # see wyoming_serving.service
    from aiohttp import web

_WARM_UP = {"ZH": "你好。", "JP": "はい。", "KR": "네.", "ES": "Hola.", "FR": "Bonjour."}

_LOOP_CHECK_SECONDS = 1.0
"""How often a speech that waits for its front-end looks whether the service has ended."""

FrontEnd = Scheduler[Callable[[], Any], Any]
Value = TypeVar("Value")


class MelottsService(Service):
    """The voices of one device, for any number of clients."""

    name = "melotts"
    page_shelf = Path(__file__).parent / "api/page/shelf"

    def __init__(self, settings: MelottsSettings) -> None:
        """Read what costs nothing; voices wait for `load`.

        Raises:
            ServiceError: a voice's name, the folder of voices or the home's file is wrong.
        """
        super().__init__(settings)
        self.settings: MelottsSettings = settings
        read_readings(settings.home)  # the engine reads it again, when it is too late to refuse
        self._library = VoiceLibrary(settings)
        self._voices = CurrentVoices(self._library, settings)
        self._care = VoiceCare(self._voices, self._library)
        self._hubs = HubWatch()
        # one thread: gruut's database, for one, knows only the thread that it was opened in
        self._front_end_limits = BatchLimits(max_jobs=1, job_seconds=settings.job_seconds)
        self._front_end: FrontEnd = Scheduler(each(_call), self._front_end_limits, name="front-end")
        self._reading = TextReading(settings, self._library, self.fitting_voice, self._front_end)
        self._preparing: asyncio.Task[None] | None = None
        self._cache = AudioCache(settings.cache_mb << 20)
        self._audio: SentenceAudio | None = None
        self._encoding: Scheduler[EncoderJob, Sequence[bytes]] = Scheduler(
            each(EncoderJob.run),
            BatchLimits(max_jobs=1, job_seconds=settings.job_seconds),
            name="encoder",
        )
        self.scheduler: Scheduler[Speech, SpokenAudio | None] | None = None
        """The door to the device; None until `load` knows the device."""

    async def load(self) -> None:
        if not self.settings.offline:
            self._hubs.start()
        self._encoding.start()
        self._front_end.start()
        language = self._voices.default.model.language.key
        self._preparing = asyncio.create_task(_prepare(self._front_end, language), name="front-end")
        engine = await self._make_engine(self.settings)
        scheduler = self.scheduler = Scheduler(
            each(_next_chunk), self._limits(engine), name="speaker"
        )
        self._audio = SentenceAudio(engine, scheduler, self._cache)
        scheduler.start()
        for voice in (self._voices.default, *self._voices.preloaded):
            await self._voices.ensure_on_disk(voice.model)
            await scheduler.call(partial(_warm_up, engine, voice))
        await self._preparing
        await scheduler.call(release_freed_memory)
        if engine.device.is_cuda:
            from wyoming_serving.torch.gpus import gpu_memory_bytes

            name = engine.device.torch_name
            self.show_gpu_memory(name, partial(gpu_memory_bytes, name))
        watched: Mapping[JobScheduler[Any, Any], Canary] = {
            scheduler: self._canary,
            self._front_end: self._read_nothing,
        }
        self.engine_loaded([self._described(engine)], watched)

    async def rebuild(self, reduction: Reduction) -> None:
        assert self.scheduler is not None
        settings = self.settings
        if reduction is Reduction.CPU:
            settings = settings.model_copy(update={"device": "cpu", "precision": "auto"})
        if self._audio is not None:
            await self._audio.close()
        self._audio = None  # its memory is needed, and the engine's
        # its thread may be what hangs
        self._front_end.replace(each(_call), self._front_end_limits)
        self._reading.forget_readers()
        engine = await self._make_engine(settings)
        await call_in_thread(partial(_warm_up, engine, self._voices.default), "engine")
        self._audio = SentenceAudio(engine, self.scheduler, self._cache)
        self.scheduler.replace(each(_next_chunk), self._limits(engine))
        self.describe_engines([self._described(engine)])

    async def close(self) -> None:
        await self._hubs.close()
        await self._care.close()
        await self._voices.close()
        if self._audio is not None:
            await self._audio.close()
        if self.scheduler is not None:
            await self.scheduler.close()
        await self._encoding.close()
        await self._close_front_end()

    def routes(self) -> "Sequence[web.AbstractRouteDef]":
        from wyoming_melotts.api.page.reading import ReadingRoutes
        from wyoming_melotts.api.page.voices import VoiceRoutes
        from wyoming_melotts.api.routes import api_routes

        return [
            *api_routes(self, self.settings),
            *ReadingRoutes(self, self._reading).routes(),
            *VoiceRoutes(self._care).routes(),
        ]

    async def offered_voices(self) -> Sequence[OfferedVoice]:
        """Every voice that may be asked for now."""
        await self._voices.refresh()
        inventory = self._voices.inventory
        return [OfferedVoice(voice, inventory.has(voice)) for voice in inventory.voices]

    async def open_encoder(self, audio_format: AudioFormat) -> Encoder:
        """Returns an encoder of the service's audio.

        Raises:
            ServiceError: `extra-missing`, its library is not installed.
        """
        rate_hz = self.settings.sample_rate_hz
        return await self._encoding.call(partial(make_encoder, audio_format, rate_hz))

    async def open_message_encoder(self, encoding: MessageEncoding, rate_hz: int) -> MessageEncoder:
        """Returns an encoder of the service's audio for messages.

        Raises:
            ServiceError: `unsupported-encoding`, its library is not installed.
        """
        make = partial(make_message_encoder, encoding, self.settings.sample_rate_hz, rate_hz)
        return await self._encoding.call(make)

    async def encode(self, encoder: Encoder, pcm: bytes, *, last: bool = False) -> Sequence[bytes]:
        """Returns what the next audio completes."""
        return await self._encoding.submit(EncoderJob(encoder, pcm, last), admitted=True)

    def handler(self, client: Client) -> RequestHandler:
        return RequestHandler(client, self, self.settings)

    async def describe(self) -> Info:
        await self._voices.refresh()
        return self.info()

    def info(self) -> Info:
        inventory = self._voices.inventory
        installed = {
            model.key
            for model in inventory.models.values()
            if model.key in inventory.on_disk
            or self._library.can_fetch(model, self._hubs.reachable)
        }
        return describe_voices(inventory.voices, installed)

    def choose_voice(self, wanted: VoiceRequest) -> Voice:
        """The voice that a request asks for.

        Raises:
            ServiceError: code `unknown-voice` or `unsupported-language`.
        """
        return self._voices.choose(wanted)

    def fitting_voice(self, text: str) -> Voice:
        """The voice for a text whose request asked for none."""
        return self._voices.fitting(text)

    async def sentence_audio(
        self, voice: Voice, sentence: str, speed: float, playback: Playback
    ) -> AsyncGenerator[SpokenAudio, None]:
        """The audio of a sentence as it is computed.

        Raises:
            ServiceError: the voice cannot be had, or too much waits.
        """
        await self.wait_ready()
        await self._wait_for_files(voice.model)
        if self._audio is None:
            raise ServiceError(ErrorCode.NOT_READY, "the engine is being rebuilt; try again later")
        async with aclosing(self._audio.chunks(voice, sentence, speed, playback)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _wait_for_files(self, model: Model) -> None:
        """Wait a while for a voice that is not on disk; its download goes on without us."""
        try:
            async with asyncio.timeout(self.settings.load_wait_seconds):
                await self._voices.ensure_on_disk(model)
        except TimeoutError:
            raise ServiceError(
                ErrorCode.NOT_READY, f"voice {model.key} is being downloaded; try again later"
            ) from None

    async def _canary(self) -> None:
        if self._audio is not None:
            voice = self._voices.default
            await self._audio.compute_some(voice, _warm_up_text(voice))

    async def _read_nothing(self) -> None:
        await self._front_end.submit(lambda: None, admitted=True)

    def _described(self, engine: SpeechEngine) -> EngineDescription:
        return EngineDescription(self._voices.default.model.key, engine.device.description)

    async def _close_front_end(self) -> None:
        if self._preparing is not None:
            self._preparing.cancel()
            await asyncio.gather(self._preparing, return_exceptions=True)
        await self._front_end.close()

    async def _make_engine(self, settings: MelottsSettings) -> SpeechEngine:
        """An engine whose speeches wait for the front-end's only thread in their own ones."""
        loop = asyncio.get_running_loop()

        def in_front_end(function: Callable[[], Value]) -> Value:
            job = self._front_end.submit(function, admitted=True)
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

    def _limits(self, engine: SpeechEngine) -> BatchLimits:
        return BatchLimits(
            workers=1 if engine.device.is_cuda else self.settings.parallel_speeches,
            max_jobs=1,
            max_queue=self.settings.max_queue,
            max_wait_seconds=self.settings.max_wait_seconds,
            job_seconds=self.settings.job_seconds,
        )


def _warm_up_text(voice: Voice) -> str:
    return _WARM_UP.get(voice.model.language.key, "Hello.")


async def _prepare(front_end: FrontEnd, language: str) -> None:
    """Load the dictionaries of a language while its voice is being loaded."""

    def read() -> None:
        from wyoming_melotts.frontends import frontend_for
        from wyoming_melotts.frontends.plain_tokenizer import PlainTokenizer

        frontend = frontend_for(language, PlainTokenizer())
        frontend.phonemize(frontend.normalize(_WARM_UP.get(language, "Hello.")))

    await front_end.submit(read, admitted=True)


def _call(function: Callable[[], Any]) -> Any:
    return function()


def _next_chunk(speech: Speech) -> SpokenAudio | None:
    return next(speech, None)


def _warm_up(engine: SpeechEngine, voice: Voice) -> None:
    """Speak until there is audio: everything has run by then."""
    next(engine.speak(voice, _warm_up_text(voice)), None)
