"""The jobs that wait for a device, in the order in which they go."""

import asyncio
import heapq
import itertools
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from wyoming_serving.tracing import spans

Job = TypeVar("Job")
Result = TypeVar("Result")


@dataclass
class JobTiming:
    """What the jobs of one request took; they add up in it."""

    queue_seconds: float = 0.0
    run_seconds: float = 0.0
    """Of the batches that the jobs were in."""


@dataclass
class SchedulerStats:
    """Counters for logs and metrics; seconds are totals."""

    finished: int = 0
    failed: int = 0
    cancelled: int = 0
    refused: int = 0
    retried: int = 0
    """Jobs that were run again, as what had them was lost."""
    batches: int = 0
    wait_seconds: float = 0.0
    run_seconds: float = 0.0


@dataclass(order=True)
class WaitingJob(Generic[Job, Result]):
    """One job; the smaller one goes first."""

    priority: float
    deadline: float
    order: int
    """Jobs are counted as they are submitted."""
    admitted: bool = field(compare=False)
    job: Job = field(compare=False)
    size: float = field(compare=False)
    answer: "asyncio.Future[Result]" = field(compare=False)
    since: float = field(compare=False)
    timing: JobTiming = field(compare=False)
    trace: str | None = field(compare=False)
    """The span that it is part of; see `wyoming_serving.tracing`."""

    def record(self, name: str, run_seconds: float, jobs: int) -> None:
        """Record how long it waited and ran, now, in a batch of so many jobs of a scheduler."""
        if self.trace is None:
            return
        waited = asyncio.get_running_loop().time() - self.since, run_seconds
        spans.record(f"{name} queue", self.trace, waited, {"priority": self.priority})
        size = {"batch.jobs": jobs, "job.size": self.size}
        spans.record(f"{name} run", self.trace, (run_seconds, 0.0), size)


class JobQueue(Generic[Job, Result]):
    """A heap of jobs, of which those whose caller has left are dropped."""

    def __init__(self) -> None:
        self._heap: list[WaitingJob[Job, Result]] = []
        self._order = itertools.count()

    @property
    def depth(self) -> int:
        """Number of jobs that somebody waits for."""
        return sum(not waiting.answer.done() for waiting in self._heap)

    def put(
        self,
        job: Job,
        size: float,
        priority: float,
        deadline: float,
        timing: JobTiming,
        *,
        admitted: bool,
    ) -> "asyncio.Future[Result]":
        """Add a job; returns the future of its result."""
        loop = asyncio.get_running_loop()
        waiting: WaitingJob[Job, Result] = WaitingJob(
            priority=priority,
            deadline=deadline,
            order=next(self._order),
            admitted=admitted,
            job=job,
            size=size,
            answer=loop.create_future(),
            since=loop.time(),
            timing=timing,
            trace=spans.traceparent(),
        )
        heapq.heappush(self._heap, waiting)
        return waiting.answer

    def before(self, priority: float) -> tuple[int, float]:
        """Returns how many jobs, and of what size together, a new one would wait behind.

        Less urgent jobs do not count, except the next steps of work that was admitted, which count
        by their number.
        """
        urgent = [one for one in self._heap if one.priority <= priority]
        admitted = sum(one.admitted for one in self._heap if one.priority > priority)
        return len(urgent) + admitted, sum(one.size for one in urgent)

    def drop_cancelled(self) -> int:
        """Drop the jobs whose caller has left; returns how many."""
        kept = [waiting for waiting in self._heap if not waiting.answer.done()]
        dropped = len(self._heap) - len(kept)
        heapq.heapify(kept)
        self._heap = kept
        return dropped

    def take_batch(
        self, most: int, max_padded_size: float, idle: int
    ) -> list[WaitingJob[Job, Result]]:
        """Take the next batch, of jobs of one priority, for one of `idle` workers.

        They share what waits. `max_padded_size` bounds jobs x the largest job's size; one job may
        exceed it.
        """
        batch: list[WaitingJob[Job, Result]] = []
        largest = 0.0
        most = min(most, -(-len(self._heap) // idle))
        while self._heap and len(batch) < most:
            waiting = self._heap[0]
            if batch and waiting.priority != batch[0].priority:
                break
            largest = max(largest, waiting.size)
            if batch and largest * (len(batch) + 1) > max_padded_size:
                break
            batch.append(heapq.heappop(self._heap))
        return batch

    def take_all(self) -> list[WaitingJob[Job, Result]]:
        """Take whatever waits."""
        taken, self._heap = self._heap, []
        return taken
