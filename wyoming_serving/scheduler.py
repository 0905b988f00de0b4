"""The only door to a device.

Jobs wait in a bounded queue; one worker thread takes whatever waits as a batch, runs it, and each
job gets its own answer. Work that goes on for a while is a job per step, so that others get their
turn between its steps. All bookkeeping happens on the event loop, so nothing here needs a lock.
"""

import asyncio
import heapq
import itertools
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from wyoming_serving.errors import QueueFull

_LOGGER = logging.getLogger(__name__)

Job = TypeVar("Job")
Result = TypeVar("Result")
Value = TypeVar("Value")

_SMOOTHING = 0.2
"""Weight of the newest batch in the running estimate of seconds per unit of size."""


@dataclass(frozen=True)
class BatchLimits:
    """How much may run, and wait, at once.

    `max_padded_size` bounds jobs x the largest job's size, since a batch is padded to its longest.
    """

    workers: int = 1
    """Batches that run at once, each in its thread: what a CPU does best with each core."""
    max_jobs: int = 8
    max_padded_size: float = float("inf")
    max_queue: int = 32
    max_wait_seconds: float = 20.0


@dataclass
class SchedulerStats:
    """Counters for logs and metrics; seconds are totals."""

    finished: int = 0
    failed: int = 0
    cancelled: int = 0
    refused: int = 0
    batches: int = 0
    wait_seconds: float = 0.0
    run_seconds: float = 0.0


@dataclass(order=True)
class _Waiting(Generic[Job, Result]):
    priority: float
    deadline: float
    order: int
    admitted: bool = field(compare=False)
    job: Job = field(compare=False)
    size: float = field(compare=False)
    answer: "asyncio.Future[Result]" = field(compare=False)
    since: float = field(compare=False)


class Scheduler(Generic[Job, Result]):
    """Queues jobs for one device and answers each.

    `run_batch` is called in the worker thread with one or more jobs of one priority and gives as
    many results; an exception among them fails its own job alone. One that it raises makes it run
    again job by job, so it may raise only before a job has changed.
    `limits` may change at any time, but for more workers than there were at first.
    `size` of a job is in any unit that run time grows with (seconds of audio, frames, 1).
    """

    def __init__(
        self,
        run_batch: Callable[[Sequence[Job]], Sequence[Result | Exception]],
        limits: BatchLimits,
        size: Callable[[Job], float] = lambda job: 1.0,
        name: str = "device",
    ) -> None:
        self._run_batch = run_batch
        self.limits = limits
        self._size = size
        self.name = name
        self._thread = ThreadPoolExecutor(limits.workers, thread_name_prefix=name)
        self._queue: list[_Waiting[Job, Result]] = []
        self._order = itertools.count()
        self._arrived = asyncio.Event()
        self._seconds_per_size = 0.0
        self._running_size = 0.0
        self._dispatcher: asyncio.Task[None] | None = None
        self._batches: set[asyncio.Task[None]] = set()
        self.stats = SchedulerStats()

    @property
    def depth(self) -> int:
        """Jobs that wait."""
        return sum(not waiting.answer.done() for waiting in self._queue)

    def start(self) -> None:
        """Begin to run jobs; needs a running event loop."""
        self._dispatcher = asyncio.create_task(self._dispatch(), name="scheduler")

    async def submit(
        self,
        job: Job,
        priority: float = 0,
        *,
        deadline: float = float("inf"),
        admitted: bool = False,
    ) -> Result:
        """Queue a job and wait for its result.

        Lower `priority` goes first, then the earlier `deadline` (the event loop's time at which
        the result is needed), then who came first. A job that continues `admitted` work is never
        refused. Cancelling the caller drops a job that has not started.

        Raises:
            QueueFull: at once, when too much waits before the job or the wait would be too long.
        """
        self._drop_cancelled()
        if not admitted:
            self._admit(priority)
        loop = asyncio.get_running_loop()
        waiting: _Waiting[Job, Result] = _Waiting(
            priority,
            deadline,
            next(self._order),
            admitted,
            job,
            self._size(job),
            loop.create_future(),
            loop.time(),
        )
        heapq.heappush(self._queue, waiting)
        self._arrived.set()
        return await waiting.answer

    async def call(self, function: Callable[[], Value]) -> Value:
        """Run something that is not a job (loading, warming up) in a worker thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)

    async def close(self) -> None:
        """Drop what waits; a batch that runs ends unheard, since a thread cannot be stopped."""
        tasks = [*self._batches, *([self._dispatcher] if self._dispatcher else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for waiting in self._queue:
            waiting.answer.cancel()
        self._queue.clear()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _admit(self, priority: float) -> None:
        """Refuse what would wait behind too much; less urgent work does not count, except the
        next steps of work that was promised."""
        before = [one for one in self._queue if one.priority <= priority]
        depth = sum(one.priority <= priority or one.admitted for one in self._queue)
        if depth >= self.limits.max_queue:
            self.stats.refused += 1
            raise QueueFull(f"{depth} requests wait already, at most {self.limits.max_queue} may")
        size_before = self._running_size + sum(one.size for one in before)
        expected = size_before * self._seconds_per_size / self.limits.workers
        if expected > self.limits.max_wait_seconds:
            self.stats.refused += 1
            raise QueueFull(
                f"the wait would be {expected:.1f} s, at most {self.limits.max_wait_seconds:g} s"
            )

    def _drop_cancelled(self) -> None:
        kept = [waiting for waiting in self._queue if not waiting.answer.done()]
        self.stats.cancelled += len(self._queue) - len(kept)
        heapq.heapify(kept)
        self._queue = kept

    async def _dispatch(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while (idle := self.limits.workers - len(self._batches)) > 0:
                batch = self._take_batch(idle)
                if not batch:
                    break
                task = asyncio.create_task(self._run(batch))
                self._batches.add(task)
                task.add_done_callback(self._free_worker)

    def _free_worker(self, batch: asyncio.Task[None]) -> None:
        self._batches.discard(batch)
        self._arrived.set()

    def _take_batch(self, idle: int) -> list[_Waiting[Job, Result]]:
        """The next batch for one of `idle` workers, which share what waits."""
        self._drop_cancelled()
        batch: list[_Waiting[Job, Result]] = []
        largest = 0.0
        most = min(self.limits.max_jobs, -(-len(self._queue) // idle))
        while self._queue and len(batch) < most:
            waiting = self._queue[0]
            if batch and waiting.priority != batch[0].priority:
                break
            largest = max(largest, waiting.size)
            if batch and largest * (len(batch) + 1) > self.limits.max_padded_size:
                break
            batch.append(heapq.heappop(self._queue))
        return batch

    async def _run(self, batch: list[_Waiting[Job, Result]]) -> None:
        started = asyncio.get_running_loop().time()
        self.stats.wait_seconds += sum(started - waiting.since for waiting in batch)
        size = sum(waiting.size for waiting in batch)
        self._running_size += size
        try:
            results = await self.call(lambda: self._run_batch([one.job for one in batch]))
            outcomes = list(zip(batch, results, strict=True))
        except Exception as error:
            await self._after_failure(batch, error)
            return
        finally:
            self._running_size -= size
            self._note_run(size, asyncio.get_running_loop().time() - started)
        for waiting, result in outcomes:
            self._answer(waiting, result)

    async def _after_failure(self, batch: list[_Waiting[Job, Result]], error: Exception) -> None:
        """One job must not fail its neighbours: run a failed batch again, job by job."""
        if len(batch) > 1:
            _LOGGER.warning("a batch of %d failed (%r); running it one by one", len(batch), error)
            for waiting in batch:
                if not waiting.answer.done():
                    await self._run([waiting])
            return
        self._answer(batch[0], error)

    def _answer(self, waiting: _Waiting[Job, Result], result: Result | Exception) -> None:
        failed = isinstance(result, Exception)
        self.stats.failed += failed
        self.stats.finished += not failed
        if waiting.answer.done():
            return
        if isinstance(result, Exception):
            waiting.answer.set_exception(result)
        else:
            waiting.answer.set_result(result)

    def _note_run(self, size: float, seconds: float) -> None:
        self.stats.batches += 1
        self.stats.run_seconds += seconds
        if size:
            newest = seconds / size
            known = self._seconds_per_size or newest
            self._seconds_per_size = (1 - _SMOOTHING) * known + _SMOOTHING * newest
