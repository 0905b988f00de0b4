"""The scheduler of a front: its jobs go to replicas, where they wait, form batches and run."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Awaitable, Callable
from typing import Generic, cast

from wyoming_serving.errors import ErrorCode, QueueFull, ServiceError
from wyoming_serving.job_queue import JobTiming, SchedulerStats
from wyoming_serving.ray.messages import Answer, Job, Question, ReplicaLost, Result
from wyoming_serving.scheduler import BatchLimits

_ATTEMPTS = 2
"""A job is asked once more where its replica is lost: an engine's answer has no side effects."""


class RayScheduler(Generic[Job, Result]):
    """A `JobScheduler` whose engine is in replicas."""

    def __init__(
        self,
        ask: Callable[[Question[Job]], Awaitable[Answer[Result]]],
        limits: BatchLimits,
        name: str,
    ) -> None:
        """Begin without jobs.

        Args:
            ask: Gives one replica a job. Raises ReplicaLost, or a ServiceError.
            limits: Those of one replica, with the workers of all.
            name: As in `Scheduler`.
        """
        self._ask = ask
        self._limits = limits
        self.name = name
        self.stats = SchedulerStats()
        self._asked: dict[int, float] = {}
        self._order = itertools.count()
        self._tasks: set[asyncio.Task[Answer[Result]]] = set()
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
        """Number of jobs that the replicas have."""
        return len(self._asked)

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
        """How long the replicas have had jobs without answering any."""
        oldest = min(self._asked.values(), default=None)
        return 0.0 if oldest is None else min(self.idle_seconds, time.monotonic() - oldest)

    async def submit(
        self,
        job: Job,
        priority: float = 0,
        *,
        deadline: float = float("inf"),
        admitted: bool = False,
        timing: JobTiming | None = None,
    ) -> Result:
        """Have a job run by a replica; see `Scheduler.submit`.

        Raises:
            QueueFull: at once, if too much waits at the replica.
            ServiceError: `engine-failed`, there is no answer in time, or two replicas died with it.
        """
        key = next(self._order)
        self._asked[key] = time.monotonic()
        seconds_left = deadline - asyncio.get_running_loop().time()
        question = Question(job, priority, seconds_left, admitted)
        task = asyncio.create_task(self._answer(question), name=f"{self.name} job")
        self._tasks.add(task)
        try:
            answer = await task
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
        finally:
            self._tasks.discard(task)
            del self._asked[key]
        return self._result(answer, timing or JobTiming())

    def detach(self) -> None:
        """Nothing of the engine is here."""

    def resume(self) -> None:
        """Nothing was paused."""

    async def close(self) -> None:
        """Drop what the replicas have of this front."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self, question: Question[Job]) -> Answer[Result]:
        """Ask until there is an answer, or `_ATTEMPTS` replicas were lost."""
        seconds = self._limits.max_wait_seconds + self._limits.job_seconds
        try:
            async with asyncio.timeout(seconds):
                for attempt in range(_ATTEMPTS):
                    self.stats.retried += attempt
                    with contextlib.suppress(ReplicaLost):
                        return await self._ask(question)
        except TimeoutError:
            text = f"no replica answered in {seconds:g} s"
            raise ServiceError(ErrorCode.ENGINE_FAILED, text) from None
        text = f"{_ATTEMPTS} replicas were lost with the request; try again later"
        raise ServiceError(ErrorCode.ENGINE_FAILED, text)

    def _result(self, answer: Answer[Result], timing: JobTiming) -> Result:
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
