"""A front: hears and answers here, and has speech recognized by the replicas."""

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial

from wyoming_funasr.loading import load_frontend
from wyoming_funasr.models import Model
from wyoming_funasr.pipeline import RemoteModel, recognizer_limits
from wyoming_funasr.ray.application import NAME
from wyoming_funasr.recognition.recognizer import RecognitionRequest
from wyoming_funasr.recognition.types import Recognition
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving import __version__
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.models.hub import Hub
from wyoming_serving.ray import cluster
from wyoming_serving.ray.messages import ReplicaFacts
from wyoming_serving.ray.scheduler import RayScheduler
from wyoming_serving.scheduler import call_in_thread

_POLL_SECONDS = 0.25
_FACTS_SECONDS = 30.0
_LEAVE_SECONDS = 3.0


async def connect(model: Model, settings: FunasrSettings, hub: Hub) -> RemoteModel:
    """Wait for the replicas, and load what a front needs itself.

    Raises:
        ServiceError: there is no cluster or no application, its replicas fail or are of another
            version or model, or voice activity detection cannot be had.
    """
    await call_in_thread(partial(cluster.connect, settings.ray_address), "ray")
    try:
        return await _joined(model, settings, hub)
    except BaseException:
        await _leave(cluster.disconnect)
        raise


async def _joined(model: Model, settings: FunasrSettings, hub: Hub) -> RemoteModel:
    while not await call_in_thread(  # noqa: ASYNC110  it is Ray that knows
        partial(cluster.is_running, NAME), "ray"
    ):
        await asyncio.sleep(_POLL_SECONDS)
    replicas: cluster.Replicas[RecognitionRequest, Recognition]
    replicas = await call_in_thread(partial(cluster.Replicas, NAME), "ray")
    facts = await call_in_thread(partial(replicas.facts, _FACTS_SECONDS), "ray")
    check(facts, model)
    frontend = await call_in_thread(
        partial(load_frontend, facts.engine, model, settings, hub), "load"
    )
    limits = recognizer_limits(settings, on_gpu=settings.ray_replica_gpus > 0)
    scheduler = RayScheduler(replicas.ask, limits, "recognizer")

    def leave() -> None:
        replicas.close()
        cluster.disconnect()

    device = f"Ray replicas, {facts.device}"
    return RemoteModel(frontend, scheduler, device, partial(_leave, leave))


async def _leave(leave: Callable[[], None]) -> None:
    """Leave the cluster; a process that ends does not wait long for that."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LEAVE_SECONDS):
            await call_in_thread(leave, "ray")


def check(facts: ReplicaFacts, model: Model) -> None:
    """Refuse replicas that would answer something else than the settings here ask for.

    Raises:
        ServiceError: `cluster-unreachable`, which says what differs.
    """
    ours = {"version": __version__, "model": model.name}
    theirs = {"version": facts.version, "model": facts.model}
    for name in ours:
        if ours[name] != theirs[name]:
            raise ServiceError(
                ErrorCode.CLUSTER_UNREACHABLE,
                f"the replicas have {name} {theirs[name]}, this front {ours[name]}; "
                "run: wyoming-funasr deploy",
            )
