"""The jobs that a front has given to replicas, as its supervisor and its metrics see them."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Iterator
from typing import Generic, cast

from wyoming_serving.errors import ErrorCode, QueueFull, ServiceError
from wyoming_serving.job_queue import JobTiming, SchedulerStats
from wyoming_serving.ray.messages import Answer, Result
from wyoming_serving.scheduler import BatchLimits

ATTEMPTS = 2
"""A job is asked once more where its replica is lost: an engine's answer has no side effects."""


class ReplicaJobs(Generic[Result]):
    """A `WatchedScheduler` whose engine is in replicas."""

    def __init__(self, limits: BatchLimits, name: str) -> None:
        """Begin without jobs.

        Args:
            limits: Those of one replica, with the workers of all.
            name: As in `Scheduler`.
        """
        self._limits = limits
        self.name = name
        self.stats = SchedulerStats()
        self._owed: dict[int, float] = {}
        self._order = itertools.count()
        self._progress_at = time.monotonic()
        self._failures_in_row = 0

    @property
    def limits(self) -> BatchLimits:
        """Those of one replica, with the workers of all."""
        return self._limits

    @property
    def depth(self) -> int:
        """None waits here: jobs wait at the replicas."""
        return 0

    @property
    def running(self) -> int:
        """Number of answers that the replicas owe."""
        return len(self._owed)

    @property
    def lost_workers(self) -> int:
        """Ray Serve replaces what is lost."""
        return 0

    @property
    def idle_seconds(self) -> float:
        """Time since a replica last answered."""
        return time.monotonic() - self._progress_at

    @property
    def failures_in_row(self) -> int:
        """Jobs that failed since the last one that finished, by the fault of the replicas."""
        return self._failures_in_row

    @property
    def last_failure(self) -> None:
        """A device's failure is its replica's."""
        return None

    @property
    def overdue_seconds(self) -> float:
        """How long the replicas have owed answers without giving any."""
        oldest = min(self._owed.values(), default=None)
        return 0.0 if oldest is None else min(self.idle_seconds, time.monotonic() - oldest)

    def detach(self) -> None:
        """Nothing of the engine is here."""

    def resume(self) -> None:
        """Nothing was paused."""

    async def close(self) -> None:
        """Nothing waits here; whoever waits for an answer ends that."""

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        """Count what becomes of a job that gets no answer."""
        try:
            yield
        except QueueFull:
            self.stats.refused += 1
            raise
        except ServiceError:
            self.stats.failed += 1
            self._failures_in_row += 1
            raise
        except asyncio.CancelledError:
            self.stats.cancelled += 1
            raise

    @contextlib.contextmanager
    def _owing(self) -> Iterator[None]:
        """While a replica owes an answer."""
        key = next(self._order)
        self._owed[key] = time.monotonic()
        try:
            yield
        finally:
            del self._owed[key]

    def _result(self, answer: Answer[Result], timing: JobTiming) -> Result:
        """Take an answer; returns its result.

        Raises:
            ServiceError: the replica says why there is none.
            RuntimeError: its engine raised something else.
        """
        timing.queue_seconds += answer.timing.queue_seconds
        timing.run_seconds += answer.timing.run_seconds
        self.stats.wait_seconds += answer.timing.queue_seconds
        self.stats.run_seconds += answer.timing.run_seconds
        self._progress_at = time.monotonic()
        failure = answer.failure
        if failure is None:
            self.stats.finished += 1
            self._failures_in_row = 0
            return cast(Result, answer.result)
        if failure.code == ErrorCode.QUEUE_FULL:
            self.stats.refused += 1
            raise QueueFull(failure.text)
        self.stats.failed += 1
        if failure.code is not None:
            raise ServiceError(failure.code, failure.text)
        self._failures_in_row += 1
        raise RuntimeError(f"a replica failed: {failure.text}")


def replicas_lost() -> ServiceError:
    """Returns what a client is told after `ATTEMPTS`."""
    text = f"{ATTEMPTS} replicas were lost with the request; try again later"
    return ServiceError(ErrorCode.ENGINE_FAILED, text)


def not_answered(seconds: float) -> ServiceError:
    """Returns what a client is told when no answer came in so many seconds."""
    return ServiceError(ErrorCode.ENGINE_FAILED, f"no replica answered in {seconds:g} s")
