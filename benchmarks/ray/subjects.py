"""The services without sockets, whose engines are in this process or in replicas."""

import contextlib
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks.ray.cluster import Cluster
from wyoming_funasr.recognition.recognizer import RecognitionRequest
from wyoming_funasr.service import FunasrService
from wyoming_funasr.settings import FunasrSettings
from wyoming_melotts.delivery.playback import Playback
from wyoming_melotts.frontends.budget import ReadingBudget
from wyoming_melotts.service import MelottsService
from wyoming_melotts.settings import MelottsSettings
from wyoming_melotts.voices.selection import VoiceRequest
from wyoming_serving.job_queue import JobTiming
from wyoming_serving.ray.settings import EngineSettings
from wyoming_serving.scheduler import call_in_thread
from wyoming_serving.service import Service, loaded

SPEECH_SECONDS = 3.0
SENTENCE = "The light in the living room is on, and the door of the garage is closed."
_COMMON = {"device": "cpu", "threads": 1, "offline": True, "zeroconf": False}
_MOST = 1000
"""Requests that may wait where nothing is to be refused."""


@dataclass(frozen=True)
class Place:
    """Where an engine runs."""

    cluster: Cluster | None = None
    """None is this process."""
    replicas: int = 1
    most_replicas: int = 1
    max_queue: int = _MOST

    def settings(self) -> dict[str, object]:
        """Settings by their names."""
        found: dict[str, object] = _COMMON | {"max_queue": self.max_queue}
        if self.cluster is None:
            return found
        return found | {
            "engine": "ray",
            "ray_address": self.cluster.address,
            "ray_min_replicas": self.replicas,
            "ray_max_replicas": max(self.replicas, self.most_replicas),
            "ray_target_requests": 2,
            "ray_upscale_seconds": 1,
            "ray_downscale_seconds": 1,
            "ray_health_seconds": 1,
        }


@dataclass(frozen=True)
class Answered:
    """One request: milliseconds to its answer (a first chunk, in speech), and the model's share."""

    answer_ms: float
    run_ms: float


@dataclass(frozen=True)
class Subject:
    """A service that answers."""

    ask: Callable[[], Awaitable[Answered]]
    """Waits for all of an answer."""
    asked_again: Callable[[], int]
    """How many jobs were asked of a second replica so far."""


Subjects = Callable[[Place], contextlib.AbstractAsyncContextManager[Subject]]


@contextlib.asynccontextmanager
async def recognizer(place: Place) -> AsyncIterator[Subject]:
    """The demo model, which is asked to recognize noise: it costs what speech costs."""
    if place.cluster is not None:
        await deploy_recognizer(place)
    service = FunasrService(_recognizer_settings(place))
    async with loaded(service):
        [pipeline] = service.pipelines
        noise = np.random.default_rng(0).normal(0, 0.05, int(SPEECH_SECONDS * 16_000))
        segment = (await pipeline.frontend()).uncut(noise.astype(np.float32))
        request = RecognitionRequest((segment,))

        async def ask() -> Answered:
            timing = JobTiming()
            answer_ms = await timed(pipeline.recognize(request, timing=timing))
            return Answered(answer_ms, 1000 * timing.run_seconds)

        yield Subject(ask, partial(_retries, service, "recognizer"))


async def deploy_recognizer(place: Place) -> None:
    """Run the replicas of the demo model in the cluster."""
    from wyoming_funasr.ray.application import NAME, from_settings

    settings = _recognizer_settings(place)
    await _deploy(NAME, partial(from_settings, settings), settings)


def _recognizer_settings(place: Place) -> FunasrSettings:
    return FunasrSettings.model_validate(place.settings() | {"model_dir": "demo"})


@contextlib.asynccontextmanager
async def speaker(place: Place) -> AsyncIterator[Subject]:
    """The demo voice, which speaks one sentence without a cache."""
    words = place.settings() | {"voice": "demo", "cache_mb": 0}
    settings = MelottsSettings.model_validate(words)
    if place.cluster is not None:
        from wyoming_melotts.ray.application import NAME, from_settings

        await _deploy(NAME, partial(from_settings, settings), settings)
    service = MelottsService(settings)
    async with loaded(service):
        voice = service.choose_voice(VoiceRequest())

        async def ask() -> Answered:
            playback = Playback(settings.sample_rate_hz, ReadingBudget(math.inf))
            async with aclosing(service.sentence_audio(voice, SENTENCE, 1.0, playback)) as chunks:
                first_ms = await timed(anext(chunks))
                run_ms = 1000 * playback.timing.run_seconds
                async for _ in chunks:
                    pass
            return Answered(first_ms, run_ms)

        yield Subject(ask, partial(_retries, service, "speaker"))


def _retries(service: Service, scheduler: str) -> int:
    labels = {"scheduler": scheduler}
    return int(service.metrics.get_sample_value("wyoming_scheduler_retries_total", labels) or 0)


async def timed(work: Awaitable[object]) -> float:
    """Returns the milliseconds that it takes."""
    began = time.perf_counter()
    await work
    return 1000 * (time.perf_counter() - began)


async def _deploy(name: str, application: Callable[[], object], settings: EngineSettings) -> None:
    from wyoming_serving.ray.cluster import deploy

    await call_in_thread(lambda: deploy(name, application(), settings), "deploy")
