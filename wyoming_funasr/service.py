"""The speech-to-text service: settings and model in, transcripts out."""

import logging
from collections.abc import Callable, Sequence
from importlib.metadata import version

from prometheus_client import Counter
from wyoming.info import AsrModel, AsrProgram, Attribution, Info

from wyoming_funasr.audio.utterance import UtteranceAudio
from wyoming_funasr.models import check_memory, choose_model, is_on_disk
from wyoming_funasr.recognition.hotwords import Hotword, merge_hotwords, read_hotword_file
from wyoming_funasr.recognition.recognizer import Recognizer, Request
from wyoming_funasr.recognition.types import Recognition
from wyoming_funasr.requests.handler import RequestHandler
from wyoming_funasr.requests.languages import advertised_tags
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving import __version__
from wyoming_serving.audio import Samples
from wyoming_serving.devices import Device, cpu_sharing
from wyoming_serving.hub import Hub
from wyoming_serving.monitoring import SchedulerCollector
from wyoming_serving.scheduler import BatchLimits, Scheduler, call_in_thread, each
from wyoming_serving.service import Service
from wyoming_serving.session import Client

_LOGGER = logging.getLogger(__name__)


_MAX_BATCH_SECONDS_GPU = 60.0
_MAX_BATCH_SECONDS_CPU = 5.0
"""A core computes no more per second in larger batches, and the first answer waits for the last."""


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
        self._hub = Hub(settings.hub, settings.cache_dir, offline=settings.offline)
        from_file = read_hotword_file(settings.hotword_file) if settings.hotword_file else []
        self._hotwords = (*settings.hotwords, *from_file)
        self._recognizer: Recognizer | None = None
        self._scheduler: Scheduler[Request, Recognition] | None = None
        # its own thread: what is being said is heard while something else is recognized
        self._ears: Scheduler[Callable[[], None], None] = Scheduler(
            each(lambda job: job()),
            BatchLimits(max_queue=settings.max_connections),
            name="ears",
        )
        self.speculations = Counter(
            "funasr_speculation_runs",
            "Recognitions begun in a pause: those that became the answer, and those in vain",
            ["outcome"],
            registry=self.metrics,
        )

    async def load(self) -> None:
        check_memory(self.model)
        self._recognizer, device = await call_in_thread(self._load_recognizer, "load")
        self._scheduler = self._make_scheduler(device)
        self.metrics.register(SchedulerCollector(self._scheduler, self._ears))
        self._scheduler.start()
        self._ears.start()

    def _make_scheduler(self, device: Device) -> Scheduler[Request, Recognition]:
        settings = self.settings
        most_seconds = _MAX_BATCH_SECONDS_GPU if device.is_cuda else _MAX_BATCH_SECONDS_CPU
        return Scheduler(
            self._run,
            BatchLimits(
                workers=1 if device.is_cuda else cpu_sharing(settings.threads).workers,
                max_jobs=settings.max_batch,
                max_padded_size=settings.max_batch_seconds or most_seconds,
                max_queue=settings.max_queue,
                max_wait_seconds=settings.max_wait_seconds,
            ),
            size=lambda request: max(request.seconds, 0.1),
            name="recognizer",
        )

    async def close(self) -> None:
        await self._ears.close()
        if self._scheduler is not None:
            await self._scheduler.close()

    def handler(self, client: Client) -> RequestHandler:
        return RequestHandler(self, client)

    def hotwords(self, names: Sequence[str], terms: Sequence[str]) -> tuple[Hotword, ...]:
        """The hotwords of a request: its own and those of the settings."""
        settings = self.settings
        return merge_hotwords(
            settings.hotword_weight, self._hotwords, names, terms, settings.max_hotwords
        )

    def listen(self) -> UtteranceAudio:
        """Begin to listen to an utterance; the model must be ready."""
        assert self._recognizer is not None
        return self._recognizer.listen()

    async def hear(self, hearing: UtteranceAudio, samples: Samples, *, last: bool) -> None:
        """Compute features and voice activity of the next samples.

        Raises:
            QueueFull: `queue-full`.
        """
        await self._ears.submit(lambda: hearing.take(samples, last=last))

    async def recognize(self, request: Request, priority: int = 0) -> Recognition:
        """Recognize speech; none at all needs no time.

        Raises:
            QueueFull: `queue-full`.
        """
        if not request.pieces:
            return Recognition()
        assert self._scheduler is not None
        return await self._scheduler.submit(request, priority)

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
            requires_external_vad=not self.settings.endpointing,
        )
        return Info(asr=[program])

    def _run(self, requests: Sequence[Request]) -> list[Recognition]:
        assert self._recognizer is not None
        return self._recognizer.run(requests)

    def _load_recognizer(self) -> tuple[Recognizer, Device]:
        from wyoming_funasr.loading import load_recognizer

        recognizer, device = load_recognizer(self.model, self.settings, self._hub)
        recognizer.warm_up()
        return recognizer, device
