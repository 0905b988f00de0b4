"""The Serve application: `wyoming-funasr deploy`, or deploy/ray/serve.yaml with `serve deploy`."""

from collections.abc import Mapping
from typing import Any

from wyoming_funasr.pipeline import recognizer_limits
from wyoming_funasr.ray.replica import RecognizerReplica
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.ray import cluster

NAME = "funasr"

_OF_REPLICAS = {
    "model_dir",
    "language",
    "languages",
    "home",
    "home_assistant_url",
    "home_assistant_token_file",
    "device",
    "precision",
    "hub",
    "offline",
    "hub_seconds",
    "cache_dir",
    "use_itn",
    "chinese_script",
    "max_queue",
    "max_wait_seconds",
    "job_seconds",
    "otlp_endpoint",
    "max_batch",
    "max_batch_seconds",
}
"""The settings that a replica needs; nothing secret is among them."""


def application(given: Mapping[str, Any]) -> object:
    """Returns the application for settings by their YAML names; see Serve's application builders.

    Raises:
        pydantic.ValidationError: a setting is wrong.
    """
    return from_settings(FunasrSettings(**given))


def from_settings(settings: FunasrSettings) -> object:
    """Returns the application: each replica uses as many threads as it has CPUs.

    Raises:
        ServiceError: `home-invalid`, a secret would stand in the cluster's configuration.
    """
    if settings.home_assistant_token is not None:
        text = "replicas read the token of Home Assistant from home_assistant_token_file"
        raise ServiceError(ErrorCode.HOME_INVALID, text)
    arguments = settings.model_dump(mode="json", include=_OF_REPLICAS)
    arguments["threads"] = settings.threads or max(1, int(settings.ray_replica_cpus))
    there = FunasrSettings(**arguments)
    limits = recognizer_limits(there, on_gpu=settings.ray_replica_gpus > 0)
    most_jobs = limits.workers * limits.max_jobs + limits.max_queue
    return cluster.application(RecognizerReplica, arguments, settings, most_jobs)
