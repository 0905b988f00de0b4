"""The speech-to-text service: wires settings, model, workers and request handlers."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from prometheus_client import Counter
from wyoming.info import Info

from wyoming_funasr.automations.teller import TranscriptTeller
from wyoming_funasr.found_models import FoundModels
from wyoming_funasr.home.description import read_home
from wyoming_funasr.home.keeper import HomeKeeper
from wyoming_funasr.home.source.source import home_source
from wyoming_funasr.info import describe_models, program_name
from wyoming_funasr.models import Model, check_memory, choose_models, is_on_disk
from wyoming_funasr.pipeline import RECOGNIZER, LoadedModel, SpeechPipeline, front_end_worker
from wyoming_funasr.recognition.home import HomeContext
from wyoming_funasr.recognition.hotwords import read_hotword_file
from wyoming_funasr.recordings.transcription import Recordings
from wyoming_funasr.requests.events import EventSink
from wyoming_funasr.requests.feed import AudioFeed
from wyoming_funasr.requests.handler import RequestHandler
from wyoming_funasr.requests.models import ServedModel, ServedModels
from wyoming_funasr.requests.options import OptionsReader, RequestOptions
from wyoming_funasr.requests.utterance import Utterance
from wyoming_funasr.settings import MOST_MODELS, FunasrSettings
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.job_scheduler import WatchedScheduler
from wyoming_serving.models.hub import Hub
from wyoming_serving.service import Service
from wyoming_serving.session import Client
from wyoming_serving.status import EngineDescription
from wyoming_serving.supervision import Canary, Reduction

if TYPE_CHECKING:  # imported only where HTTP is asked for, as it takes a quarter of a second
    from aiohttp import web

_LOGGER = logging.getLogger(__name__)

Value = TypeVar("Value")

_SMALLER = 4
"""Batches are divided by so much after a GPU ran out of memory."""


class FunasrService(Service):
    """A model, or a few, on one device, for any number of clients."""

    name = "funasr"
    page_shelf = Path(__file__).parent / "api/page/shelf"

    def __init__(self, settings: FunasrSettings) -> None:
        """Read what costs nothing; the model waits for `load`.

        Raises:
            ServiceError: the model's name, the hotword file or the home is wrong.
        """
        super().__init__(settings)
        self.settings: FunasrSettings = settings
        self.ears = front_end_worker(settings)
        self._speculations = Counter(
            "funasr_speculation_runs",
            "Recognitions begun in a pause: those that became the answer, and those in vain",
            ["model", "outcome"],
            registry=self.metrics,
        )
        models = choose_models(settings.model_dir)
        self.pipelines = [
            self._pipeline(model, number, self.wait_ready) for number, model in enumerate(models)
        ]
        self.recordings = Recordings(settings.max_segment_time, settings.job_seconds)
        self._hub = Hub.from_settings(settings)
        from_file = read_hotword_file(settings.hotword_file) if settings.hotword_file else []
        self._hotwords = (*settings.hotwords, *from_file)
        self.models = ServedModels(
            [self._served(pipeline, number) for number, pipeline in enumerate(self.pipelines)]
        )
        self.options = OptionsReader(settings, self.models)
        self._engine_settings = settings
        """With less, after the device failed."""
        self._found: FoundModels | None = None
        if settings.models_dir is not None:
            names = [model.name for model in models]
            wait_seconds = settings.load_wait_seconds
            self._found = FoundModels(self, settings.models_dir, names, wait_seconds)
        if settings.home is not None:
            read_home(settings.home)  # one that is wrong is refused at once
        source = home_source(settings)
        self.home = HomeKeeper(source, settings.home_languages) if source is not None else None
        self._automations = TranscriptTeller(settings, self.metrics)

    async def load(self) -> None:
        await self._automations.start()
        self.recordings.start()
        self.ears.start()
        if self.settings.engine == "ray":
            await self._join_replicas()
        else:
            await self._load_here()

    async def _load_here(self) -> None:
        check_memory([pipeline.model for pipeline in self.pipelines])
        await self._look_around()
        loaded = {
            pipeline.model.name: await pipeline.load(
                partial(self._load_model, pipeline.model, self.settings)
            )
            for pipeline in self.pipelines
        }
        device = next(iter(loaded.values())).device
        if device.is_cuda:
            from wyoming_serving.torch.gpus import gpu_memory_bytes

            self.show_gpu_memory(device.torch_name, partial(gpu_memory_bytes, device.torch_name))
        if self.home is not None:
            self.home.start({name: one.recognizer.tokens for name, one in loaded.items()})
        self.engine_loaded(_described(loaded), self._watched())

    async def _join_replicas(self) -> None:
        from wyoming_funasr.ray import front

        [pipeline] = self.pipelines
        model = pipeline.model
        remote = await front.connect(model, self.settings, self._hub)
        pipeline.join(remote)
        if self.home is not None:
            # to judge texts, and for its names; the replicas hear them
            self.home.start({model.name: None})
        self.engine_loaded([EngineDescription(model.name, remote.device)], self._watched())

    async def rebuild(self, reduction: Reduction) -> None:
        settings, loaded = self.settings, {}
        if reduction is Reduction.CPU:
            settings = settings.model_copy(update={"device": "cpu", "precision": "auto"})
        self._engine_settings = settings
        pipelines = self._in_memory
        for pipeline in pipelines:
            pipeline.let_go()  # the memory of all is needed
        for pipeline in pipelines:
            most_jobs = None
            if reduction is not Reduction.CPU:
                most_jobs = max(1, pipeline.recognitions.limits.max_jobs // _SMALLER)
            loaded[pipeline.model.name] = await pipeline.rebuild(
                partial(self._load_model, pipeline.model, settings), most_jobs
            )
        self.describe_engines(_described(loaded))

    async def close(self) -> None:
        await self._automations.close()
        if self.home is not None:
            await self.home.close()
        await self.recordings.close()
        await self.ears.close()
        if self._found is not None:
            await self._found.close()
        for pipeline in self.pipelines:
            await pipeline.close()

    def routes(self) -> "Sequence[web.AbstractRouteDef]":
        from wyoming_funasr.api.funasr.routes import FunasrRoutes
        from wyoming_funasr.api.listen.routes import ListenRoutes
        from wyoming_funasr.api.openai.routes import OpenAiApi
        from wyoming_funasr.api.page.home import home_route
        from wyoming_funasr.api.realtime.routes import RealtimeRoutes
        from wyoming_funasr.api.sessions import ListeningSessions
        from wyoming_funasr.api.uploads import Uploads

        sessions = ListeningSessions(self)
        uploads = Uploads(self.recordings, self.settings)
        return [
            *OpenAiApi(uploads, self.settings, self.models, self._look_around).routes(),
            *ListenRoutes(self, sessions).routes(),
            *FunasrRoutes(self, sessions, uploads).routes(),
            *RealtimeRoutes(self, sessions).routes(),
            home_route(self.home, self.recent.latest_texts),
        ]

    def handler(self, client: Client) -> RequestHandler:
        begin = partial(self.begin_utterance, client=client.peer)
        return RequestHandler(client, self.options, begin, self.settings)

    async def describe(self) -> Info:
        await self._look_around()
        return await super().describe()

    def info(self) -> Info:
        models = [pipeline.model for pipeline in self.pipelines]
        installed = {model.name for model in models if self.ready or is_on_disk(model, self._hub)}
        found = self._found.models if self._found is not None else []
        installed |= {model.name for model in found}
        return describe_models([*models, *found], installed, self.settings)

    def serve(self, model: Model, wait_loaded: Callable[[], Awaitable[None]]) -> ServedModel:
        """See `FoundModelsHost`."""
        return self._served(self._pipeline(model, 1, wait_loaded), 1)

    def offer(self, models: Sequence[ServedModel]) -> None:
        """See `FoundModelsHost`."""
        self.models.offer_also(models)

    async def load_found(self, pipeline: SpeechPipeline) -> None:
        """See `FoundModelsHost`."""
        others = self._in_memory
        if len(others) >= MOST_MODELS:
            text = f"{len(others)} models are loaded, at most {MOST_MODELS} may be"
            raise ServiceError(ErrorCode.NOT_READY, text)
        check_memory([one.model for one in (*others, pipeline)])
        load = partial(self._load_model, pipeline.model, self._engine_settings)
        loaded = await pipeline.load(load)
        description = EngineDescription(pipeline.model.name, loaded.device.description)
        if self.home is not None:
            self.home.add(pipeline.model.name, loaded.recognizer.tokens)
        self.engine_loaded([description], {pipeline.recognitions: pipeline.try_out})

    async def forget_found(self, pipeline: SpeechPipeline) -> None:
        """See `FoundModelsHost`."""
        if self.home is not None:
            self.home.remove(pipeline.model.name)
        await self.engine_removed(pipeline.model.name, pipeline.recognitions)

    async def _look_around(self) -> None:
        if self._found is not None:
            await self._found.refresh()

    @property
    def _in_memory(self) -> Sequence[SpeechPipeline]:
        """The models in memory, or about to be."""
        return [*self.pipelines, *(self._found.loaded if self._found is not None else ())]

    def _pipeline(
        self, model: Model, number: int, wait_ready: Callable[[], Awaitable[None]]
    ) -> SpeechPipeline:
        return SpeechPipeline(
            model,
            self.settings,
            self.ears,
            wait_ready,
            self._speculations,
            f"{RECOGNIZER} {model.name}" if number else RECOGNIZER,
        )

    async def call(self, function: Callable[[], Value]) -> Value:
        """Run a short piece of a session's work in the front-end's worker; see `ListenHost`.

        It is never refused: a session has one at a time, and a stream needs each.
        """
        results: list[Value] = []
        await self.ears.submit(lambda: results.append(function()), admitted=True)
        return results[0]

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
            feed,
            self._automations.beside(sink, client, request),
            is_one_of_many=is_one_of_many,
        )

    def _served(self, pipeline: SpeechPipeline, number: int) -> ServedModel:
        model = pipeline.model
        return ServedModel(
            model.name,
            program_name(model, number),
            model.languages,
            pipeline,
            partial(self._current_hotwords, model),
            partial(self._home_for, model),
        )

    def _home_for(self, model: Model, language: str | None) -> HomeContext | None:
        return self.home.context(model.name, language) if self.home is not None else None

    def _current_hotwords(self, model: Model) -> Sequence[str]:
        """Those of the settings; a model that cannot know a home listens for its names alone."""
        if self.home is None or model.family == "sense_voice":
            return self._hotwords
        return (*self._hotwords, *self.home.names)

    def _watched(self) -> Mapping[WatchedScheduler, Canary]:
        """The schedulers, and for each a small job that shows whether it works."""
        recognizers: Mapping[WatchedScheduler, Canary]
        recognizers = {pipeline.recognitions: pipeline.try_out for pipeline in self.pipelines}
        return {**recognizers, self.ears: self._listen}

    async def _listen(self) -> None:
        await self.ears.submit(lambda: None)

    def _load_model(self, model: Model, settings: FunasrSettings) -> LoadedModel:
        from wyoming_funasr.loading import load_model, warm_up

        loaded = load_model(model, settings, self._hub)
        warm_up(loaded, settings)
        return loaded


def _described(loaded: Mapping[str, LoadedModel]) -> Sequence[EngineDescription]:
    return [EngineDescription(name, model.device.description) for name, model in loaded.items()]
