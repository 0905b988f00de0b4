"""Jobs with many answers, which come from one replica each as they are computed."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Generic

from wyoming_serving.job_queue import JobTiming
from wyoming_serving.ray.jobs import ATTEMPTS, ReplicaJobs, not_answered, replicas_lost
from wyoming_serving.ray.messages import Answer, Job, Question, ReplicaLost, Result
from wyoming_serving.scheduler import BatchLimits
from wyoming_serving.tracing import spans


class RayStreams(ReplicaJobs[Result], Generic[Job, Result]):
    """A `WatchedScheduler` of jobs that stay at one replica while they go on.

    Where that replica is lost, another one is asked for what has not come yet.
    """

    def __init__(
        self,
        open_stream: Callable[[Question[Job]], AsyncGenerator[Answer[Result], None]],
        limits: BatchLimits,
        name: str,
        first_seconds: float,
    ) -> None:
        """Begin without jobs.

        Args:
            open_stream: Gives one replica a job. Its answers raise ReplicaLost, or a ServiceError.
            limits: Those of one replica, with the workers of all.
            name: As in `Scheduler`.
            first_seconds: How much longer a first answer may take, for a replica to load a model.
        """
        super().__init__(limits, name)
        self._open = open_stream
        self._first_seconds = first_seconds

    async def stream(
        self, question: Callable[[], Question[Job]], timing: JobTiming
    ) -> AsyncGenerator[Result, None]:
        """Yields the results of a job as they come; `timing` counts what they took.

        `question` is called before a replica is asked: it says what has come so far, which the next
        replica leaves out.

        Raises:
            QueueFull: at once, if too much waits at the replica.
            ServiceError: `engine-failed`, an answer does not come in time, or two replicas died
                with the job.
        """
        for attempt in range(ATTEMPTS):
            self.stats.retried += attempt
            with contextlib.suppress(ReplicaLost):
                with spans.span("replica"):
                    asked = replace(question(), trace=spans.traceparent())
                    answers = self._open(asked)
                    answer = await self._next(answers, self._first_seconds)
                async with aclosing(answers):
                    while answer is not None:
                        yield self._result(answer, timing)
                        answer = await self._next(answers)
                    return
        with self._counted():
            raise replicas_lost()

    async def _next(
        self, answers: AsyncGenerator[Answer[Result], None], more_seconds: float = 0.0
    ) -> Answer[Result] | None:
        """The next answer; None behind the last."""
        seconds = self._limits.max_wait_seconds + self._limits.job_seconds + more_seconds
        with self._counted(), self._owing():
            try:
                async with asyncio.timeout(seconds):
                    return await anext(answers, None)
            except TimeoutError:
                raise not_answered(seconds) from None
