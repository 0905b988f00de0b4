"""The Serve application: `wyoming-melotts deploy`, or `serve deploy` with a configuration."""

from collections.abc import Mapping
from typing import Any

from wyoming_melotts.pipeline import speaker_limits
from wyoming_melotts.ray.replica import SpeakerReplica
from wyoming_melotts.settings import MelottsSettings
from wyoming_serving.ray import cluster

NAME = "melotts"

_OF_REPLICAS = {
    "voices_dir",
    "voice",
    "preload",
    "device",
    "precision",
    "hub",
    "offline",
    "hub_seconds",
    "load_wait_seconds",
    "cache_dir",
    "min_free_memory_mb",
    "text_normalization",
    "home",
    "speed",
    "sdp_ratio",
    "noise_scale",
    "noise_scale_w",
    "sample_rate_hz",
    "sentence_silence_ms",
    "max_queue",
    "max_wait_seconds",
    "job_seconds",
    "otlp_endpoint",
}
"""The settings that a replica needs; nothing secret is among them."""


def application(given: Mapping[str, Any]) -> object:
    """Returns the application for settings by their YAML names; see Serve's application builders.

    Raises:
        pydantic.ValidationError: a setting is wrong.
    """
    return from_settings(MelottsSettings(**given))


def from_settings(settings: MelottsSettings) -> object:
    """Returns the application: each replica uses as many threads as it has CPUs."""
    arguments = settings.model_dump(mode="json", include=_OF_REPLICAS)
    arguments["threads"] = settings.threads or max(1, int(settings.ray_replica_cpus))
    there = MelottsSettings(**arguments)
    limits = speaker_limits(there, on_gpu=settings.ray_replica_gpus > 0)
    # a sentence is there as long as it is spoken, and those that follow one are not refused
    most_sentences = 2 * (limits.workers + limits.max_queue)
    return cluster.application(SpeakerReplica, arguments, settings, most_sentences)
