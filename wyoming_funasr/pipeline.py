"""One loaded model and the workers that it runs in."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import numpy as np
from prometheus_client import Counter

from wyoming_funasr.audio.fbank import SAMPLE_RATE_HZ
from wyoming_funasr.audio.frontend import Frontend
from wyoming_funasr.audio.utterance import UtteranceAudio
from wyoming_funasr.models import Model
from wyoming_funasr.recognition.recognizer import RecognitionRequest, Recognizer
from wyoming_funasr.recognition.types import Recognition
from wyoming_funasr.requests.speculation import SpeculationOutcome
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.audio import Samples
from wyoming_serving.devices import Device, cpu_sharing
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.job_queue import JobTiming
from wyoming_serving.job_scheduler import JobScheduler
from wyoming_serving.scheduler import BatchLimits, Scheduler, call_in_thread, each
from wyoming_serving.tracing import spans

_MAX_BATCH_SECONDS_GPU = 60.0
_MAX_BATCH_SECONDS_CPU = 5.0
"""A core computes no more per second in larger batches, and the first answer waits for the last."""

RECOGNIZER = "recognizer"
"""The name of a recognizer's scheduler."""

_CANARY_SECONDS = 1

_SHORTEST_SECONDS = 0.1
"""Of speech, as the scheduler reckons with it: what even the shortest recognition costs."""


@dataclass(frozen=True)
class LoadedModel:
    """A model on its device, with the front-end that it wants."""

    frontend: Frontend
    recognizer: Recognizer
    device: Device


@dataclass(frozen=True)
class RemoteModel:
    """A model in other processes, and the front-end that it wants in this one."""

    frontend: Frontend
    recognitions: JobScheduler[RecognitionRequest, Recognition]
    device: str
    """In words."""
    leave: Callable[[], Awaitable[None]]
    """Lets go of the other processes, which go on."""


Ears = Scheduler[Callable[[], None], None]
"""The front-ends' worker: audio is taken in while speech is recognized."""


class SpeechPipeline:
    """Runs audio through the front-end and the recognizer of a model, for any number of
    utterances."""

    def __init__(
        self,
        model: Model,
        settings: FunasrSettings,
        ears: Ears,
        wait_ready: Callable[[], Awaitable[None]],
        speculations: Counter,
        name: str = RECOGNIZER,
    ) -> None:
        """`wait_ready` waits until `load` is done; `speculations` has the labels `model` and
        `outcome`; `name` is the scheduler's."""
        self.model = model
        self._name = name
        self._settings = settings
        self._ears = ears
        self._wait_ready = wait_ready
        self._speculations = speculations
        self._frontend: Frontend | None = None
        self._canary: RecognitionRequest | None = None
        self._recognitions: JobScheduler[RecognitionRequest, Recognition] | None = None
        self._leave: Callable[[], Awaitable[None]] | None = None

    async def load(self, load_model: Callable[[], LoadedModel]) -> LoadedModel:
        """Load the model in a thread, and start the workers that fit its device.

        Raises:
            ServiceError: the model cannot be had, or does not run here.
        """
        model = await self._load(load_model)
        recognitions = recognizer_scheduler(model, self._settings, self._name)
        recognitions.start()
        self._recognitions = recognitions
        return model

    def join(self, remote: RemoteModel) -> None:
        """Have speech recognized by a model in other processes."""
        self._frontend = remote.frontend
        self._canary = canary_request(remote.frontend)
        self._recognitions = remote.recognitions
        self._leave = remote.leave

    def let_go(self) -> None:
        """Free the model, before it is rebuilt; jobs wait for that."""
        self._frontend = None
        self.local.detach()

    async def rebuild(
        self, load_model: Callable[[], LoadedModel], most_jobs: int | None = None
    ) -> LoadedModel:
        """Load the model again, after `let_go`; jobs that wait go to it.

        `most_jobs` bounds its batches. Utterances under way keep their features.

        Raises:
            ServiceError: it cannot be loaded.
        """
        model = await self._load(load_model)
        limits = recognizer_limits(self._settings, on_gpu=model.device.is_cuda)
        if most_jobs is not None:
            smaller = limits.max_padded_size * most_jobs / limits.max_jobs
            limits = replace(limits, max_jobs=most_jobs, max_padded_size=smaller)
        self.local.replace(model.recognizer.recognize, limits)
        return model

    async def try_out(self) -> None:
        """Recognize something short, which shows whether the recognizer works."""
        assert self._canary is not None
        await self.recognitions.submit(self._canary)

    async def close(self) -> None:
        """Stop the workers."""
        if self._recognitions is not None:
            await self._recognitions.close()
        if self._leave is not None:
            await self._leave()

    @property
    def is_loaded(self) -> bool:
        """Whether the model is in memory, or is being rebuilt."""
        return self._recognitions is not None

    @property
    def recognitions(self) -> JobScheduler[RecognitionRequest, Recognition]:
        """The recognizer's scheduler; the model must be loaded."""
        assert self._recognitions is not None
        return self._recognitions

    @property
    def local(self) -> Scheduler[RecognitionRequest, Recognition]:
        """The recognizer's scheduler where the model is in this process."""
        assert isinstance(self._recognitions, Scheduler)
        return self._recognitions

    @property
    def most_running(self) -> int:
        """How many recognitions the device runs at one time."""
        limits = self.recognitions.limits
        return limits.workers * limits.max_jobs

    async def open(self) -> UtteranceAudio:
        """Begin an utterance; see `requests.models.Pipeline`."""
        return (await self.frontend()).open()

    async def frontend(self) -> Frontend:
        """Returns the front-end of the model, once that is loaded.

        Raises:
            ServiceError: `not-ready`, when that takes too long.
        """
        await self._wait_ready()
        if self._frontend is None:
            raise ServiceError(ErrorCode.NOT_READY, "the engine is being rebuilt; try again later")
        return self._frontend

    async def accept(
        self,
        audio: UtteranceAudio,
        decode: Callable[[], Samples],
        *,
        last: bool,
        timing: JobTiming | None = None,
    ) -> None:
        """Take audio; see `requests.models.Pipeline`."""
        with spans.without():  # many, and short
            await self._ears.submit(
                lambda: audio.accept_waveform(decode(), last=last), timing=timing
            )

    async def recognize(
        self,
        request: RecognitionRequest,
        priority: float = 0,
        timing: JobTiming | None = None,
        *,
        admitted: bool = False,
    ) -> Recognition:
        """Recognize speech; none at all needs no model. See `requests.models.Pipeline`.

        What continues `admitted` work is never refused.
        """
        if not request.segments:
            return Recognition()
        recognition = await self.recognitions.submit(
            request, priority, admitted=admitted, timing=timing
        )
        return Recognition() if self._is_ignored(recognition) else recognition

    def _is_ignored(self, recognition: Recognition) -> bool:
        """Whether the settings take it for no speech to anybody here."""
        is_unsure = recognition.confidence < self._settings.min_confidence
        return is_unsure or recognition.event in self._settings.ignored_events

    def count_speculation(self, outcome: SpeculationOutcome) -> None:
        """Count a recognition that was begun ahead."""
        self._speculations.labels(self.model.name, outcome).inc()

    async def _load(self, load_model: Callable[[], LoadedModel]) -> LoadedModel:
        model = await call_in_thread(load_model, "load")
        self._canary = await call_in_thread(lambda: canary_request(model.frontend), "load")
        self._frontend = model.frontend
        return model


def canary_request(frontend: Frontend) -> RecognitionRequest:
    """Returns a short recognition, which shows whether the recognizer works."""
    noise = np.random.default_rng(0).normal(0, 0.01, SAMPLE_RATE_HZ * _CANARY_SECONDS)
    return RecognitionRequest((frontend.uncut(noise.astype(np.float32)),))


def front_end_worker(settings: FunasrSettings) -> Ears:
    """Returns the scheduler of the front-ends."""
    return Scheduler(
        each(lambda job: job()),
        BatchLimits(
            max_queue=settings.max_connections,
            max_wait_seconds=settings.max_wait_seconds,
            job_seconds=settings.job_seconds,
        ),
        name="ears",
    )


def recognizer_scheduler(
    model: LoadedModel, settings: FunasrSettings, name: str = RECOGNIZER
) -> Scheduler[RecognitionRequest, Recognition]:
    """Returns a scheduler for the recognizer, with workers that fit its device."""
    return Scheduler(
        model.recognizer.recognize,
        recognizer_limits(settings, on_gpu=model.device.is_cuda),
        size=lambda request: max(request.seconds, _SHORTEST_SECONDS),
        name=name,
    )


def recognizer_limits(settings: FunasrSettings, *, on_gpu: bool) -> BatchLimits:
    """What may be recognized at once: large batches on a GPU, one small one a core on a CPU."""
    most_seconds = _MAX_BATCH_SECONDS_GPU if on_gpu else _MAX_BATCH_SECONDS_CPU
    return BatchLimits(
        workers=1 if on_gpu else cpu_sharing(settings.threads).workers,
        max_jobs=settings.max_batch,
        max_padded_size=settings.max_batch_seconds or most_seconds,
        max_queue=settings.max_queue,
        max_wait_seconds=settings.max_wait_seconds,
        job_seconds=settings.job_seconds,
    )
