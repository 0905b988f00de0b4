"""What goes between a front and a replica."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from wyoming_serving.errors import ErrorCode
from wyoming_serving.job_queue import JobTiming

Job = TypeVar("Job")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Question(Generic[Job]):
    """A job, with what `Scheduler.submit` is told of it."""

    job: Job
    priority: float = 0
    seconds_left: float = float("inf")
    """Until its deadline: clocks differ between machines."""
    admitted: bool = False
    trace: str | None = None
    """The span that it is part of; see `wyoming_serving.tracing`."""


@dataclass(frozen=True)
class Failure:
    """Why a job has no result."""

    code: ErrorCode | None
    """None where the engine raised what is no `ServiceError`."""
    text: str


@dataclass(frozen=True)
class Answer(Generic[Result]):
    """A job's result, or why there is none."""

    timing: JobTiming
    """At the replica."""
    result: Result | None = None
    failure: Failure | None = None


@dataclass(frozen=True)
class ReplicaFacts:
    """What a front must know of the replicas before it asks them."""

    version: str
    """Of this distribution."""
    settings: Mapping[str, str]
    """Those that a front must have, too."""
    device: str
    engine: Any = None
    """What a service's front needs of its engine."""


class ReplicaLost(Exception):
    """A replica died with the question; another one may be asked."""
