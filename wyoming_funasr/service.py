"""The speech-to-text service: wires settings, model, workers and request handlers."""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from wyoming.info import AsrModel, AsrProgram, Attribution, Info

from wyoming_funasr.automations.teller import TranscriptTeller
from wyoming_funasr.home.description import read_home
from wyoming_funasr.home.keeper import HomeKeeper
from wyoming_funasr.home.source.source import home_source
from wyoming_funasr.models import check_memory, choose_model, is_on_disk
from wyoming_funasr.pipeline import LoadedModel, SpeechPipeline
from wyoming_funasr.recognition.home import HomeContext
from wyoming_funasr.recognition.hotwords import read_hotword_file
from wyoming_funasr.recordings.transcription import Recordings
from wyoming_funasr.requests.events import EventSink
from wyoming_funasr.requests.feed import AudioFeed
from wyoming_funasr.requests.handler import RequestHandler
from wyoming_funasr.requests.languages import advertised_tags
from wyoming_funasr.requests.options import OptionsReader, RequestOptions
from wyoming_funasr.requests.utterance import Utterance
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving import __version__
from wyoming_serving.models.hub import Hub
from wyoming_serving.service import Service
from wyoming_serving.session import Client
from wyoming_serving.status import EngineDescription
from wyoming_serving.supervision import Reduction

if TYPE_CHECKING:  # imported only where HTTP is asked for, as it takes a quarter of a second
    from aiohttp import web

_LOGGER = logging.getLogger(__name__)

_SMALLER = 4
"""Batches are divided by so much after a GPU ran out of memory."""


class FunasrService(Service):
    """One model on one device, for any number of clients."""

    name = "funasr"
    page_shelf = Path(__file__).parent / "api/page/shelf"

    def __init__(self, settings: FunasrSettings) -> None:
        """Read what costs nothing; the model waits for `load`.

        Raises:
            ServiceError: the model's name, the hotword file or the home is wrong.
        """
        super().__init__(settings)
        self.settings: FunasrSettings = settings
        self.model = choose_model(settings.model_dir)
        self.pipeline = SpeechPipeline(settings, self.wait_ready, self.metrics)
        self.recordings = Recordings(self.pipeline, settings.max_segment_time, settings.job_seconds)
        self._hub = Hub.from_settings(settings)
        from_file = read_hotword_file(settings.hotword_file) if settings.hotword_file else []
        self._hotwords = (*settings.hotwords, *from_file)
        self.options = OptionsReader(settings, self.model, self._current_hotwords)
        if settings.home is not None:
            read_home(settings.home)  # one that is wrong is refused at once
        source = home_source(settings)
        self.home = HomeKeeper(source, settings.home_languages) if source is not None else None
        self._automations = TranscriptTeller(settings, self.metrics)

    async def load(self) -> None:
        await self._automations.start()
        self.recordings.start()
        if self.settings.engine == "ray":
            await self._join_replicas()
        else:
            await self._load_here()

    async def _load_here(self) -> None:
        check_memory(self.model)
        model = await self.pipeline.load(partial(self._load_model, self.settings))
        if model.device.is_cuda:
            from wyoming_serving.torch.gpus import gpu_memory_bytes

            name = model.device.torch_name
            self.show_gpu_memory(name, partial(gpu_memory_bytes, name))
        if self.home is not None:
            self.home.start(model.recognizer.tokens)
        self.engine_loaded(self._described(model), self.pipeline.watched)

    async def _join_replicas(self) -> None:
        from wyoming_funasr.ray import front

        remote = await front.connect(self.model, self.settings, self._hub)
        self.pipeline.join(remote)
        self.engine_loaded(EngineDescription(self.model.name, remote.device), self.pipeline.watched)

    async def rebuild(self, reduction: Reduction) -> None:
        settings, most_jobs = self.settings, None
        if reduction is Reduction.CPU:
            settings = settings.model_copy(update={"device": "cpu", "precision": "auto"})
        else:
            most_jobs = max(1, self.pipeline.recognitions.limits.max_jobs // _SMALLER)
        model = await self.pipeline.rebuild(partial(self._load_model, settings), most_jobs)
        self.describe_engine(self._described(model))

    async def close(self) -> None:
        await self._automations.close()
        if self.home is not None:
            await self.home.close()
        await self.recordings.close()
        await self.pipeline.close()

    def routes(self) -> "Sequence[web.AbstractRouteDef]":
        from wyoming_funasr.api.funasr.routes import FunasrRoutes
        from wyoming_funasr.api.listen.routes import ListenRoutes
        from wyoming_funasr.api.openai.routes import OpenAiApi
        from wyoming_funasr.api.page.home import home_route
        from wyoming_funasr.api.realtime.routes import RealtimeRoutes
        from wyoming_funasr.api.sessions import ListeningSessions
        from wyoming_funasr.api.uploads import Uploads

        sessions = ListeningSessions(self)
        uploads = Uploads(self.recordings, self.settings, self._current_hotwords, self._home_for)
        return [
            *OpenAiApi(uploads, self.settings, self.model).routes(),
            *ListenRoutes(self, sessions).routes(),
            *FunasrRoutes(self, sessions, uploads).routes(),
            *RealtimeRoutes(self, sessions).routes(),
            home_route(self.home, self.recent.latest_texts),
        ]

    def handler(self, client: Client) -> RequestHandler:
        begin = partial(self.begin_utterance, client=client.peer)
        return RequestHandler(client, self.options, begin, self.settings)

    def info(self) -> Info:
        author = Attribution(name=self.model.author, url=self.model.url)
        model = AsrModel(
            name=self.model.name,
            attribution=author,
            installed=self.ready or is_on_disk(self.model, self._hub),
            description=self.model.description,
            version=__version__,
            languages=advertised_tags(self.model.languages),
        )
        program = AsrProgram(
            name="funasr",
            attribution=Attribution(name="FunASR", url="https://github.com/modelscope/FunASR"),
            installed=True,
            description="Speech to text with FunASR",
            version=__version__,
            models=[model],
            supports_transcript_streaming=self.settings.partial_transcripts,
            requires_external_vad=not self.settings.endpointing,
        )
        return Info(asr=[program])

    @property
    def model_name(self) -> str:
        """Name of the model."""
        return self.model.name

    @property
    def language_tags(self) -> Sequence[str]:
        """Tags that a client may ask for."""
        return advertised_tags(self.model.languages)

    async def decode(self, decode: Callable[[bytes], bytes], data: bytes) -> bytes:
        """Decode audio in a worker.

        Raises:
            ServiceError: what `decode` raises, or `queue-full`.
        """
        return await self.pipeline.decode(decode, data)

    def begin_utterance(
        self,
        options: RequestOptions,
        feed: AudioFeed,
        sink: EventSink,
        *,
        is_one_of_many: bool = False,
        client: str | None = None,
    ) -> Utterance:
        """Returns an utterance that takes its audio from a feed and reports to a sink.

        `client` names the one who speaks, by its address, to automations.
        """
        request = "listen" if is_one_of_many else "transcribe"
        return Utterance(
            options,
            self.settings,
            self.pipeline,
            self._home_for,
            feed,
            self._automations.beside(sink, client, request),
            is_one_of_many=is_one_of_many,
        )

    def _home_for(self, language: str | None) -> HomeContext | None:
        return self.home.context(language) if self.home is not None else None

    def _current_hotwords(self) -> Sequence[str]:
        """Those of the settings; a model that cannot know a home listens for its names alone."""
        if self.home is None or self.model.family == "sense_voice":
            return self._hotwords
        return (*self._hotwords, *self.home.names)

    def _described(self, model: LoadedModel) -> EngineDescription:
        return EngineDescription(self.model.name, model.device.description)

    def _load_model(self, settings: FunasrSettings) -> LoadedModel:
        from wyoming_funasr.loading import load_model, warm_up

        model = load_model(self.model, settings, self._hub)
        warm_up(model, settings)
        return model
