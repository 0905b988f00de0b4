"""Joining an application as a front."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Generic

from wyoming_serving import __version__
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.ray import cluster
from wyoming_serving.ray.messages import Job, ReplicaFacts, Result
from wyoming_serving.ray.settings import EngineSettings
from wyoming_serving.scheduler import call_in_thread

_LEAVE_SECONDS = 3.0


@dataclass(frozen=True)
class Joined(Generic[Job, Result]):
    """An application that answers this process."""

    replicas: cluster.Replicas[Job, Result]
    facts: ReplicaFacts
    leave: Callable[[], Awaitable[None]]
    """Lets go of the replicas, which go on."""

    @property
    def device(self) -> str:
        """What computes, in words."""
        return f"Ray replicas, {self.facts.device}"


async def join(settings: EngineSettings, name: str, ours: Mapping[str, str]) -> Joined[Job, Result]:
    """Wait for the replicas of an application, and compare what they have with what is asked for.

    Args:
        settings: Those of this front.
        name: The application's.
        ours: What the replicas' facts must say, too.

    Raises:
        ServiceError: there is no cluster or no application, or its replicas fail, differ, or do not
            answer within `ray_start_seconds`.
    """
    await call_in_thread(partial(cluster.connect, settings.ray_address), "ray")
    try:
        await _until_running(name, settings.ray_start_seconds)
        replicas: cluster.Replicas[Job, Result]
        replicas = await call_in_thread(partial(cluster.Replicas, name), "ray")
        facts = await call_in_thread(partial(replicas.facts, settings.ray_start_seconds), "ray")
        check(facts, ours, name)
    except BaseException:
        await _leave(cluster.disconnect)
        raise

    def leave() -> None:
        replicas.close()
        cluster.disconnect()

    return Joined(replicas, facts, partial(_leave, leave))


async def _until_running(name: str, seconds: float) -> None:
    """Wait for the replicas of an application.

    Raises:
        ServiceError: see `cluster.is_running`; `engine-failed`, they take too long.
    """
    try:
        async with asyncio.timeout(seconds):
            while not await call_in_thread(  # noqa: ASYNC110  it is Ray that knows
                partial(cluster.is_running, name), "ray"
            ):
                await asyncio.sleep(cluster.POLL_SECONDS)
    except TimeoutError:
        text = f"the replicas of {name} were not ready after {seconds:g} s"
        raise ServiceError(
            ErrorCode.ENGINE_FAILED, f"{text}; run: wyoming-{name} deploy, which says why"
        ) from None


async def _leave(leave: Callable[[], None]) -> None:
    """Leave the cluster; a process that ends does not wait long for that."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LEAVE_SECONDS):
            await call_in_thread(leave, "ray")


def check(facts: ReplicaFacts, ours: Mapping[str, str], name: str) -> None:
    """Refuse replicas that would answer something else than the settings here ask for.

    Raises:
        ServiceError: `cluster-unreachable`, which says what differs.
    """
    for what, wanted in {"version": __version__, **ours}.items():
        found = facts.version if what == "version" else facts.settings.get(what, "none")
        if found != wanted:
            text = f"the replicas have {what} {found}, this front {wanted}"
            raise ServiceError(ErrorCode.CLUSTER_UNREACHABLE, f"{text}; run: wyoming-{name} deploy")
