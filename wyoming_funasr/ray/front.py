"""A front: hears and answers here, and has speech recognized by the replicas."""

from dataclasses import replace
from functools import partial

from wyoming_funasr.loading import load_frontend
from wyoming_funasr.models import Model
from wyoming_funasr.pipeline import RemoteModel, recognizer_limits
from wyoming_funasr.ray.application import NAME
from wyoming_funasr.ray.replica import answered_settings
from wyoming_funasr.recognition.recognizer import RecognitionRequest
from wyoming_funasr.recognition.types import Recognition
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.models.hub import Hub
from wyoming_serving.ray.front import Joined, join
from wyoming_serving.ray.messages import Answer, Question
from wyoming_serving.ray.scheduler import RayScheduler
from wyoming_serving.scheduler import call_in_thread


async def connect(model: Model, settings: FunasrSettings, hub: Hub) -> RemoteModel:
    """Wait for the replicas, and load what a front needs itself.

    Raises:
        ServiceError: there is no cluster or no application, its replicas fail or are of another
            version or model, or voice activity detection cannot be had.
    """
    joined: Joined[RecognitionRequest, Recognition]
    joined = await join(settings, NAME, answered_settings(settings, model))
    try:
        frontend = await call_in_thread(
            partial(load_frontend, joined.facts.engine, model, settings, hub), "load"
        )
    except BaseException:
        await joined.leave()
        raise
    limits = recognizer_limits(settings, on_gpu=settings.ray_replica_gpus > 0)

    async def ask(question: Question[RecognitionRequest]) -> Answer[Recognition]:
        """What is known of a home takes megabytes and seconds: each replica knows it itself."""
        job = question.job
        if job.home is not None:
            question = replace(question, job=replace(job, home=job.home.bare()))
        return await joined.replicas.ask(question)

    scheduler = RayScheduler(ask, limits, "recognizer")
    return RemoteModel(frontend, scheduler, joined.device, joined.leave)
