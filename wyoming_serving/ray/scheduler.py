"""The scheduler of a front: its jobs go to replicas, where they wait, form batches and run."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Generic

from wyoming_serving.job_queue import JobTiming
from wyoming_serving.ray.jobs import ATTEMPTS, ReplicaJobs, not_answered, replicas_lost
from wyoming_serving.ray.messages import Answer, Job, Question, ReplicaLost, Result
from wyoming_serving.scheduler import BatchLimits
from wyoming_serving.tracing import spans


class RayScheduler(ReplicaJobs[Result], Generic[Job, Result]):
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
        super().__init__(limits, name)
        self._ask = ask
        self._tasks: set[asyncio.Task[Answer[Result]]] = set()

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
        seconds_left = deadline - asyncio.get_running_loop().time()
        question = Question(job, priority, seconds_left, admitted)
        with self._counted(), self._owing():
            task = asyncio.create_task(self._answer(question), name=f"{self.name} job")
            self._tasks.add(task)
            try:
                answer = await task
            finally:
                self._tasks.discard(task)
        return self._result(answer, timing or JobTiming())

    async def close(self) -> None:
        """Drop what the replicas have of this front."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self, question: Question[Job]) -> Answer[Result]:
        """Ask until there is an answer, or `ATTEMPTS` replicas were lost."""
        seconds = self._limits.max_wait_seconds + self._limits.job_seconds
        try:
            async with asyncio.timeout(seconds):
                for attempt in range(ATTEMPTS):
                    self.stats.retried += attempt
                    with contextlib.suppress(ReplicaLost), spans.span("replica"):
                        return await self._ask(replace(question, trace=spans.traceparent()))
        except TimeoutError:
            raise not_answered(seconds) from None
        raise replicas_lost()
