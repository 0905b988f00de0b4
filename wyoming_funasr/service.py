"""The speech-to-text service: wires settings, model, workers and request handlers."""

import logging
from functools import partial
from importlib.metadata import version

from wyoming.info import AsrModel, AsrProgram, Attribution, Info

from wyoming_funasr.models import check_memory, choose_model, is_on_disk
from wyoming_funasr.pipeline import LoadedModel, SpeechPipeline
from wyoming_funasr.recognition.hotwords import read_hotword_file
from wyoming_funasr.requests.handler import RequestHandler
from wyoming_funasr.requests.languages import advertised_tags
from wyoming_funasr.requests.options import OptionsReader, RequestOptions
from wyoming_funasr.requests.utterance import Utterance
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving import __version__
from wyoming_serving.hub import Hub
from wyoming_serving.service import Service
from wyoming_serving.session import Client

_LOGGER = logging.getLogger(__name__)


class FunasrService(Service):
    """One model on one device, for any number of clients."""

    name = "funasr"

    def __init__(self, settings: FunasrSettings) -> None:
        """Read what costs nothing; the model waits for `load`.

        Raises:
            ServiceError: the model's name or the hotword file is wrong.
        """
        super().__init__(settings)
        self.settings: FunasrSettings = settings
        self.model = choose_model(settings.model_dir)
        self.pipeline = SpeechPipeline(settings, self.wait_ready, self.metrics)
        self._hub = Hub(settings.hub, settings.cache_dir, offline=settings.offline)
        from_file = read_hotword_file(settings.hotword_file) if settings.hotword_file else []
        self._options = OptionsReader(settings, self.model, (*settings.hotwords, *from_file))

    async def load(self) -> None:
        check_memory(self.model)
        if self.settings.endpointing and not self.settings.finds_endpoints:
            _LOGGER.warning(
                "endpointing is off: fsmn-vad (use_external_vad is off) finds speech only in whole "
                "recordings, so a request ends with its audio-stop"
            )
        await self.pipeline.load(self._load_model)

    async def close(self) -> None:
        await self.pipeline.close()

    def handler(self, client: Client) -> RequestHandler:
        begin = partial(self._begin, client)
        return RequestHandler(client, self._options, begin, self.settings.max_request_seconds)

    def info(self) -> Info:
        author = Attribution(name=self.model.author, url=self.model.url)
        model = AsrModel(
            name=self.model.name,
            attribution=author,
            installed=self.ready or is_on_disk(self.model, self._hub),
            description=self.model.description,
            version=version("funasr"),
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
            requires_external_vad=not self.settings.finds_endpoints,
        )
        return Info(asr=[program])

    def _begin(self, client: Client, options: RequestOptions) -> Utterance:
        return Utterance(options, self.settings, self.pipeline, client.send)

    def _load_model(self) -> LoadedModel:
        from wyoming_funasr.loading import load_model, warm_up

        model = load_model(self.model, self.settings, self._hub)
        warm_up(model, self.settings)
        return model
