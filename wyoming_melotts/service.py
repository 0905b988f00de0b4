"""The text-to-speech service: voices, engine, scheduler and requests, put together."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from wyoming.info import Info

from wyoming_melotts.api.host import OfferedVoice
from wyoming_melotts.delivery.cache import AudioCache
from wyoming_melotts.delivery.encoding import AudioFormat, Encoder, EncoderJob, make_encoder
from wyoming_melotts.delivery.messages import (
    MessageEncoder,
    MessageEncoding,
    make_message_encoder,
)
from wyoming_melotts.delivery.playback import Playback
from wyoming_melotts.delivery.speech import SentenceAudio, SentenceRequest, SentenceSource
from wyoming_melotts.frontends.readings import read_readings
from wyoming_melotts.pipeline import RemoteSpeech, Speaker, SpeechPipeline, canary_request
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
from wyoming_serving.job_scheduler import WatchedScheduler
from wyoming_serving.scheduler import BatchLimits, Scheduler, each
from wyoming_serving.service import Service
from wyoming_serving.session import Client
from wyoming_serving.status import EngineDescription
from wyoming_serving.supervision import Canary, Reduction
from wyoming_serving.tracing import spans

if TYPE_CHECKING:  # see wyoming_serving.service
    from aiohttp import web


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
        self._pipeline = SpeechPipeline(settings, self._library)
        front_end = self._pipeline.front_end
        self._reading = TextReading(settings, self._library, self.fitting_voice, front_end)
        self._remote: RemoteSpeech | None = None
        self._cache = AudioCache(settings.cache_mb << 20)
        self._source: SentenceSource | None = None
        self._encoding: Scheduler[EncoderJob, Sequence[bytes]] = Scheduler(
            each(EncoderJob.run),
            BatchLimits(max_jobs=1, job_seconds=settings.job_seconds),
            name="encoder",
        )

    @property
    def scheduler(self) -> Speaker | None:
        """The door to the device; None until `load` knows the device, or if it is elsewhere."""
        return self._pipeline.scheduler

    async def load(self) -> None:
        if not self.settings.offline:
            self._hubs.start()
        self._encoding.start()
        self._pipeline.front_end.start()  # which also reads for the page
        if self.settings.engine == "ray":
            await self._join_replicas()
        else:
            await self._load_here()

    async def _load_here(self) -> None:
        pipeline = self._pipeline
        engine = await pipeline.load(self._voices.default)
        for voice in (self._voices.default, *self._voices.preloaded):
            await self._voices.ensure_on_disk(voice.model)
            await pipeline.warm_up(engine, voice)
        if engine.device.is_cuda:
            from wyoming_serving.torch.gpus import gpu_memory_bytes

            name = engine.device.torch_name
            self.show_gpu_memory(name, partial(gpu_memory_bytes, name))
        assert pipeline.scheduler is not None and pipeline.speech is not None
        self._source = pipeline.speech
        watched: Mapping[WatchedScheduler, Canary] = {
            pipeline.scheduler: self._canary,
            pipeline.front_end: pipeline.read_nothing,
        }
        self.engine_loaded([self._described(engine.device.description)], watched)

    async def _join_replicas(self) -> None:
        from wyoming_melotts.ray import front

        remote = await front.connect(self.settings, self._voices.default)
        self._remote = remote
        self._source = remote.speech
        self.engine_loaded([self._described(remote.device)], {remote.jobs: self._canary})

    async def rebuild(self, reduction: Reduction) -> None:
        settings = self.settings
        if reduction is Reduction.CPU:
            settings = settings.model_copy(update={"device": "cpu", "precision": "auto"})
        self._source = None
        self._pipeline.replace_front_end()
        self._reading.forget_readers()
        engine = await self._pipeline.rebuild(settings, self._voices.default)
        self._source = self._pipeline.speech
        self.describe_engines([self._described(engine.device.description)])

    async def close(self) -> None:
        await self._hubs.close()
        await self._care.close()
        await self._voices.close()
        await self._pipeline.close()
        if self._remote is not None:
            await self._remote.leave()
        await self._encoding.close()

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
        return await super().describe()

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
        with spans.span("sentence") as found:
            found |= {"voice": voice.name, "characters": len(sentence)}
            await self.wait_ready()
            await self._wait_for_files(voice.model)
            if self._source is None:
                text = "the engine is being rebuilt; try again later"
                raise ServiceError(ErrorCode.NOT_READY, text)
            audio = SentenceAudio(self._source, self._cache)
            request = SentenceRequest(voice, sentence, speed)
            async with aclosing(audio.chunks(request, playback)) as chunks:
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
        if self._source is not None:
            await self._source.compute_some(canary_request(self._voices.default))

    def _described(self, device: str) -> EngineDescription:
        return EngineDescription(self._voices.default.model.key, device)
