"""An engine that answers fronts in other processes."""

import asyncio
import os
from collections.abc import Callable
from typing import Generic

from wyoming_serving.errors import QueueFull, ServiceError
from wyoming_serving.job_queue import JobTiming
from wyoming_serving.ray.messages import Answer, Failure, Job, Question, ReplicaFacts, Result
from wyoming_serving.scheduler import Scheduler
from wyoming_serving.supervision import is_device_failure

_LAST_ANSWERS_SECONDS = 1.0
"""For answers to leave before the process ends."""


def _end_process() -> None:
    os._exit(1)


class Replica(Generic[Job, Result]):
    """One engine behind the scheduler that it has in a single process, too.

    So the jobs of all fronts become batches by priority and padded size, wait in one bounded queue,
    and are given up at `job_seconds`. (`serve.batch` knows neither priorities nor padding.) A
    thread that hangs cannot be stopped: a replica without workers ends its process, and Ray Serve
    starts another.
    """

    def __init__(
        self,
        scheduler: Scheduler[Job, Result],
        canary: Job,
        facts: ReplicaFacts,
        end: Callable[[], None] = _end_process,
    ) -> None:
        """`canary`: a small job that shows whether the engine works. Needs a running event loop."""
        self._scheduler = scheduler
        self._canary = canary
        self._facts = facts
        self._end = end
        scheduler.start()

    async def facts(self) -> ReplicaFacts:
        """Returns what a front must know."""
        return self._facts

    async def answer(self, question: Question[Job]) -> Answer[Result]:
        """Run a job, or say why not: an exception of ours might not survive its journey."""
        timing = JobTiming()
        try:
            result = await self._scheduler.submit(
                question.job,
                question.priority,
                deadline=asyncio.get_running_loop().time() + question.seconds_left,
                admitted=question.admitted,
                timing=timing,
            )
        except ServiceError as error:
            if self._is_lost:
                await self._end_soon(was_begun=timing.run_seconds > 0)
            return Answer(timing, failure=Failure(error.code, error.text))
        except Exception as error:
            return Answer(timing, failure=Failure(None, repr(error)))
        return Answer(timing, result)

    async def check_health(self) -> None:
        """Called by Ray Serve, which replaces a replica that keeps failing it.

        Raises:
            RuntimeError: a batch has not returned, or the engine or its device fails.
        """
        if self._scheduler.lost_workers:
            raise RuntimeError(f"{self._scheduler.lost_workers} batches have not returned in time")
        if is_device_failure(self._scheduler.last_failure):
            raise RuntimeError(f"the device failed: {self._scheduler.last_failure!r}")
        if self._scheduler.failures_in_row:
            try:
                await self._scheduler.submit(self._canary)
            except QueueFull:
                return  # there is other work that tells

    @property
    def _is_lost(self) -> bool:
        return self._scheduler.lost_workers >= self._scheduler.limits.workers

    async def _end_soon(self, *, was_begun: bool) -> None:
        """End the process once the jobs that ran too long have been answered.

        A job that was not begun is held until then: its front asks another replica.
        """
        asyncio.get_running_loop().call_later(_LAST_ANSWERS_SECONDS, self._end)
        if not was_begun:
            await asyncio.Event().wait()
