"""A Ray cluster and the Serve application on it; nothing else imports ray.

A front is a driver on one of the cluster's nodes. It calls replicas by their deployment's handle,
without Serve's HTTP proxies.
"""

import asyncio
import contextlib
import os
import re
import socket
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from typing import Any, Generic

from wyoming_serving.errors import ErrorCode, QueueFull, ServiceError
from wyoming_serving.extras import needs_extra
from wyoming_serving.ray.messages import Answer, Job, Question, ReplicaFacts, ReplicaLost, Result
from wyoming_serving.ray.settings import EngineSettings

# what is left of a connection must not start a cluster of its own
os.environ.setdefault("RAY_ENABLE_AUTO_CONNECT", "0")
# jobs go to replicas directly, which takes 3 ms less than the way by Ray's objects
os.environ.setdefault("RAY_SERVE_USE_GRPC_BY_DEFAULT", "1")

with needs_extra("ray", reason="engine ray"):
    import ray
    from ray import serve
    from ray.exceptions import (
        NodeDiedError,
        ObjectLostError,
        RayActorError,
        RayError,
        WorkerCrashedError,
    )
    from ray.serve.exceptions import BackPressureError, RayServeException
    from ray.serve.handle import DeploymentHandle

_CONNECT_SECONDS = 5.0
_LONGEST_TEXT = 300
_CONSTRUCTOR_ATTEMPTS = 2
_DRAIN_CHECK_SECONDS = 0.2

POLL_SECONDS = 0.25
"""Between two questions whether an application runs."""

_ERROR = re.compile(r"[\w.]*(?:Error|Missing): (.+)")
"""An exception of ours as the last line of a traceback."""

_LOST = (RayActorError, WorkerCrashedError, NodeDiedError, ObjectLostError)


def connect(address: str) -> None:
    """Make this process a driver of the cluster at `auto` or `HOST:PORT`; takes a second or more.

    Raises:
        ServiceError: `cluster-unreachable`, nothing answers there, or with other versions.
    """
    if address != "auto":
        _check_reachable(address)
    try:
        ray.init(address, log_to_driver=False, configure_logging=False)
    except (RayError, RuntimeError, OSError, ValueError) as error:
        raise _unreachable(address, error) from None


def disconnect() -> None:
    """Leave the cluster; what it runs goes on."""
    ray.shutdown()


def application(
    replica: type[Any], arguments: Mapping[str, Any], settings: EngineSettings, most_jobs: int
) -> object:
    """Returns a Serve application of one deployment, whose replicas are `replica(arguments)`.

    Args:
        replica: A subclass of `Replica`, which every node must be able to import.
        arguments: Plain values.
        settings: How many replicas, with what.
        most_jobs: How many jobs a replica may have.
    """
    deployment = serve.deployment(
        replica,
        name=replica.__name__,
        max_ongoing_requests=most_jobs + 1,  # one is refused at once
        # those of a burst that are not assigned yet; it is the replicas that refuse
        max_queued_requests=settings.max_connections,
        autoscaling_config={
            "min_replicas": settings.ray_min_replicas,
            "max_replicas": settings.ray_max_replicas,
            "target_ongoing_requests": settings.ray_target_requests,
            "upscale_delay_s": settings.ray_upscale_seconds,
            "downscale_delay_s": settings.ray_downscale_seconds,
            "look_back_period_s": max(settings.ray_upscale_seconds, 11.0),  # Serve wants over 10
        },
        ray_actor_options={
            "num_cpus": settings.ray_replica_cpus,
            "num_gpus": settings.ray_replica_gpus,
        },
        health_check_period_s=settings.ray_health_seconds,
        health_check_timeout_s=settings.ray_health_seconds,
        graceful_shutdown_timeout_s=settings.drain_seconds,
        graceful_shutdown_wait_loop_s=_DRAIN_CHECK_SECONDS,
        max_constructor_retry_count=_CONSTRUCTOR_ATTEMPTS,
    )
    return deployment.bind(dict(arguments))


def deploy(name: str, app: Any, settings: EngineSettings) -> None:
    """Run an application on the cluster that the settings name, and wait until its replicas answer.

    Raises:
        ServiceError: `cluster-unreachable`; `engine-failed`, the replicas cannot be made, or not
            within `ray_start_seconds`.
    """
    connect(settings.ray_address)
    try:
        run(name, app, settings)
    finally:
        disconnect()


def run(name: str, app: Any, settings: EngineSettings) -> None:
    """Run an application on the cluster that this process has joined; see `deploy`."""
    serve.start(proxy_location="Disabled")
    until = time.monotonic() + settings.ray_start_seconds
    serve.run_many(  # serve.run would wait without a limit
        [serve.RunTarget(app, name, route_prefix=None)],
        wait_for_ingress_deployment_creation=False,
        wait_for_applications_running=False,
    )
    while not is_running(name):
        if time.monotonic() >= until:
            raise ServiceError(ErrorCode.ENGINE_FAILED, _not_ready(name, settings))
        time.sleep(POLL_SECONDS)


def is_running(name: str) -> bool:
    """Whether an application's replicas answer; False while they are being made.

    Raises:
        ServiceError: `cluster-unreachable`, there is no such application; `engine-failed`, its
            replicas cannot be made.
    """
    try:
        found = serve.status().applications.get(name)
    except (RayError, RayServeException) as error:
        raise _unreachable("the cluster", error) from None
    if found is None or found.status == "DELETING":
        raise ServiceError(
            ErrorCode.CLUSTER_UNREACHABLE,
            f"the Ray cluster runs no application {name}; run: wyoming-{name} deploy",
        )
    if found.status == "DEPLOY_FAILED":
        messages = (one.message for one in found.deployments.values() if one.message)
        reason = next(messages, found.message)
        text = f"the replicas of {name} cannot be made: {cause(reason)}"
        raise ServiceError(ErrorCode.ENGINE_FAILED, text)
    return bool(found.status == "RUNNING")


def cause(message: str) -> str:
    """Returns the error at the end of a traceback within Ray's message, else all of it."""
    lines = [line.strip() for line in message.splitlines()]
    errors = [found[1] for line in lines if (found := _ERROR.match(line))]
    text = errors[-1] if errors else " ".join(message.split())
    return text[:_LONGEST_TEXT] or "no reason is given"


class Replicas(Generic[Job, Result]):
    """The replicas of an application that runs."""

    def __init__(self, name: str) -> None:
        """`name`: the application's."""
        self._handle: DeploymentHandle[Any] = serve.get_app_handle(name)

    def facts(self, seconds: float) -> ReplicaFacts:
        """Ask any replica for its facts, in a thread that may wait.

        Raises:
            ServiceError: `engine-failed`, none answers in so many seconds.
        """
        try:
            facts: ReplicaFacts = self._handle.facts.remote().result(timeout_s=seconds)
        except (RayError, RayServeException, TimeoutError) as error:
            raise _failed(error) from None
        return facts

    def close(self) -> None:
        """End what goes on in the background of this process for the replicas' sake."""
        self._handle.shutdown()

    async def ask(self, question: Question[Job]) -> Answer[Result]:
        """Give a job to a replica, one of the two at random with the shorter queue.

        Raises:
            ReplicaLost: the replica died.
            QueueFull: every replica has as much as it may.
            ServiceError: `engine-failed`, there is no replica, or the cluster is in trouble.
        """
        response = self._handle.answer.remote(question)
        with _errors_named():
            try:
                answer: Answer[Result] = await response
            except asyncio.CancelledError:
                response.cancel()
                raise
        return answer

    async def stream(self, question: Question[Job]) -> AsyncGenerator[Answer[Result], None]:
        """Give a job to a replica, chosen as by `ask`; yields its answers as they come.

        They wait here until they are taken. Whoever takes no more ends the job.

        Raises:
            ReplicaLost, QueueFull, ServiceError: see `ask`.
        """
        response = self._handle.options(stream=True).stream.remote(question)
        with _errors_named():
            try:
                async for answer in response:
                    yield answer
            except (asyncio.CancelledError, GeneratorExit):
                response.cancel()
                raise


@contextlib.contextmanager
def _errors_named() -> Iterator[None]:
    """Raise what a front knows in place of Ray's exceptions."""
    try:
        yield
    except _LOST as error:
        raise ReplicaLost(str(error)) from None
    except BackPressureError:
        raise QueueFull("every replica has as much as it may keep waiting") from None
    except (RayError, RayServeException) as error:
        raise _failed(error) from None


def _not_ready(name: str, settings: EngineSettings) -> str:
    """Say what replicas want, what the cluster has, and what to do."""
    has, free = ray.cluster_resources(), ray.available_resources()
    nodes = sum(bool(node["Alive"]) for node in ray.nodes())
    cpus, gpus = (
        f"{has.get(kind, 0):g} {kind}s ({free.get(kind, 0):g} free)" for kind in ("CPU", "GPU")
    )
    return (
        f"the replicas of {name} were not ready after {settings.ray_start_seconds:g} s: "
        f"{settings.ray_min_replicas} are wanted, with {settings.ray_replica_cpus:g} CPUs and "
        f"{settings.ray_replica_gpus:g} GPUs each; the cluster's nodes ({nodes}) have {cpus} and "
        f"{gpus}. Add nodes, ask for less (--ray-min-replicas, --ray-replica-cpus, "
        "--ray-replica-gpus), or wait longer if they are still loading (--ray-start-seconds)"
    )


def _check_reachable(address: str) -> None:
    """Find out soon what Ray would try for a minute."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), _CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise _unreachable(address, error) from None


def _unreachable(address: str, error: Exception) -> ServiceError:
    text = f"the Ray cluster ({address}) cannot be used: {cause(str(error.__cause__ or error))}"
    return ServiceError(ErrorCode.CLUSTER_UNREACHABLE, text)


def _failed(error: Exception) -> ServiceError:
    return ServiceError(ErrorCode.ENGINE_FAILED, f"no replica answers: {_one_line(error)}")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:_LONGEST_TEXT] or type(error).__name__
