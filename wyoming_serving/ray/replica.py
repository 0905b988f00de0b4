"""An engine that answers fronts in other processes."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from typing import Any, Generic

from wyoming_serving.errors import QueueFull, ServiceError
from wyoming_serving.job_queue import JobTiming
from wyoming_serving.ray.messages import Answer, Failure, Job, Question, ReplicaFacts, Result
from wyoming_serving.scheduler import Scheduler
from wyoming_serving.supervision import Canary, is_device_failure
from wyoming_serving.tracing import spans

_LAST_ANSWERS_SECONDS = 1.0
"""For answers to leave before the process ends."""


def end_process() -> None:
    """End at once, with what hangs; Ray Serve starts another replica."""
    os._exit(1)


class Replica:
    """One engine behind the scheduler that it has in a single process, too.

    So the jobs of all fronts become batches by priority and padded size, wait in one bounded queue,
    and are given up at `job_seconds`. (`serve.batch` knows neither priorities nor padding.) A
    thread that hangs cannot be stopped: a replica without workers ends its process, and Ray Serve
    starts another.
    """

    def __init__(
        self,
        scheduler: Scheduler[Any, Any],
        canary: Canary,
        facts: ReplicaFacts,
        end: Callable[[], None] = end_process,
    ) -> None:
        """Begin to answer; `scheduler` has been started. Needs a running event loop."""
        self.scheduler = scheduler
        self._canary = canary
        self._facts = facts
        self._end = end

    async def facts(self) -> ReplicaFacts:
        """Returns what a front must know."""
        return self._facts

    async def check_health(self) -> None:
        """Called by Ray Serve, which replaces a replica that keeps failing it.

        Raises:
            RuntimeError: a batch has not returned, or the engine or its device fails.
        """
        if self.scheduler.lost_workers:
            raise RuntimeError(f"{self.scheduler.lost_workers} batches have not returned in time")
        if is_device_failure(self.scheduler.last_failure):
            raise RuntimeError(f"the device failed: {self.scheduler.last_failure!r}")
        if self.scheduler.failures_in_row:
            with contextlib.suppress(QueueFull):  # there is other work that tells
                await self._canary()

    async def _failure(self, error: Exception, timing: JobTiming) -> Failure:
        """Why a job that took so long has no result.

        A replica without workers ends its process once the jobs that ran too long have been
        answered. A job that was not begun is held until then: its front asks another replica.
        """
        if not isinstance(error, ServiceError):
            return Failure(None, repr(error))
        if self.scheduler.lost_workers >= self.scheduler.limits.workers:
            asyncio.get_running_loop().call_later(_LAST_ANSWERS_SECONDS, self._end)
            if timing.run_seconds == 0:
                await asyncio.Event().wait()
        return Failure(error.code, error.text)


class AnsweringReplica(Replica, Generic[Job, Result]):
    """A replica whose scheduler takes the jobs that fronts send."""

    async def answer(self, question: Question[Job]) -> Answer[Result]:
        """Run a job, or say why not: an exception of ours might not survive its journey."""
        spans.adopt(question.trace)
        timing = JobTiming()
        try:
            result = await self.scheduler.submit(
                question.job,
                question.priority,
                deadline=asyncio.get_running_loop().time() + question.seconds_left,
                admitted=question.admitted,
                timing=timing,
            )
        except Exception as error:
            return Answer(timing, failure=await self._failure(error, timing))
        return Answer(timing, result)
