"""The only door to a device, and the only place that makes threads to compute in.

Jobs wait in a bounded queue. A worker thread takes what waits as a batch, runs it, and each job
gets its own result. Long work is submitted as one job per step, so that other work gets its turn
between the steps. All bookkeeping happens on the event loop, so nothing here needs a lock.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from wyoming_serving.errors import ErrorCode, QueueFull, ServiceError
from wyoming_serving.job_queue import Job, JobQueue, JobTiming, Result, SchedulerStats, WaitingJob

_LOGGER = logging.getLogger(__name__)

Value = TypeVar("Value")

_SMOOTHING = 0.2
"""Weight of the newest batch in the running estimate of seconds per unit of size."""

_PATIENCE = 4.0
"""A batch may take this many times as long as batches of its size did before."""


@dataclass(frozen=True)
class BatchLimits:
    """How much may run, and wait, at once."""

    workers: int = 1
    """Batches that run at once, each in a thread of its own: one on a GPU; for a CPU see
    `wyoming_serving.devices.cpu_sharing`."""
    max_jobs: int = 8
    """Jobs in one batch."""
    max_padded_size: float = float("inf")
    """Bounds jobs x the largest job's size, since a batch is padded to its longest job."""
    max_queue: int = 32
    """Jobs that may wait; the next one is refused."""
    max_wait_seconds: float = 20.0
    """Longest expected wait of a job; one that would wait longer is refused."""
    job_seconds: float = float("inf")
    """A batch that runs longer is given up: its jobs fail, and its worker is lost until the batch
    returns, as no thread can be stopped."""


def each(run_one: Callable[[Job], Result]) -> Callable[[Sequence[Job]], list[Result | Exception]]:
    """Turn a function of one job into a `run_batch` that runs the jobs of a batch in turn.

    A job that raises gets its exception as its result; the others are not affected.
    """

    def outcome(job: Job) -> Result | Exception:
        try:
            return run_one(job)
        except Exception as error:
            return error

    return lambda jobs: [outcome(job) for job in jobs]


async def call_in_thread(function: Callable[[], Value], name: str) -> Value:
    """Run work that comes before any scheduler (choose a device, load a model) in its own thread.

    A cancelled caller does not wait for the thread to end, and neither does the event loop's
    shutdown, which would wait for `asyncio.to_thread`.
    """
    thread = ThreadPoolExecutor(1, thread_name_prefix=name)
    try:
        return await asyncio.get_running_loop().run_in_executor(thread, function)
    finally:
        thread.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True)
class _Batch:
    """One that a worker is running."""

    jobs: int
    size: float
    started: float


class Scheduler(Generic[Job, Result]):
    """Queues jobs for one device and answers each.

    It is made once the device is known, with limits that fit it; both change together only when
    the engine behind it is rebuilt, see `replace`.

    `run_batch` is called in a worker thread with one or more jobs of one priority and returns as
    many results; an exception among them fails its own job alone. If it raises, it is run again
    job by job, so it may raise only before it has changed a job. See `each` for jobs that gain
    nothing from a batch. `size` of a job is in any unit that run time grows with (seconds of audio,
    frames, 1). `name` appears in the metrics and in the names of the threads.
    """

    def __init__(
        self,
        run_batch: Callable[[Sequence[Job]], Sequence[Result | Exception]],
        limits: BatchLimits,
        size: Callable[[Job], float] = lambda job: 1.0,
        name: str = "device",
    ) -> None:
        self._run_batch = run_batch
        self._limits = limits
        self._size = size
        self.name = name
        self._thread = ThreadPoolExecutor(limits.workers, thread_name_prefix=name)
        self._queue: JobQueue[Job, Result] = JobQueue()
        self._arrived = asyncio.Event()
        self._seconds_per_size = 0.0
        self._running: dict[int, _Batch] = {}
        self._lost_workers = 0
        self._is_paused = False
        self._progress_at = time.monotonic()
        self._failures_in_row = 0
        self._last_failure: Exception | None = None
        self._dispatcher: asyncio.Task[None] | None = None
        self._batches: set[asyncio.Task[None]] = set()
        self.stats = SchedulerStats()

    @property
    def limits(self) -> BatchLimits:
        """How much may run, and wait, at once."""
        return self._limits

    @property
    def depth(self) -> int:
        """Number of jobs that wait."""
        return self._queue.depth

    @property
    def running(self) -> int:
        """Number of jobs that a worker is running."""
        return sum(batch.jobs for batch in self._running.values())

    @property
    def lost_workers(self) -> int:
        """Workers whose batch was given up and has not returned."""
        return self._lost_workers

    @property
    def idle_seconds(self) -> float:
        """Time since the last job finished, or since the engine was made."""
        return time.monotonic() - self._progress_at

    @property
    def failures_in_row(self) -> int:
        """Jobs that failed since the last one that finished, by the engine's fault."""
        return self._failures_in_row

    @property
    def last_failure(self) -> Exception | None:
        """What the engine raised last, also where its jobs were saved by running them alone."""
        return self._last_failure

    @property
    def overdue_seconds(self) -> float:
        """How long the longest running batch has run beyond `_PATIENCE` times what it should."""
        now = asyncio.get_running_loop().time()
        return max(
            (
                now - batch.started - _PATIENCE * batch.size * self._seconds_per_size
                for batch in self._running.values()
            ),
            default=0.0,
        )

    def start(self) -> None:
        """Begin to run jobs; needs a running event loop."""
        self._dispatcher = asyncio.create_task(self._dispatch(), name=f"scheduler {self.name}")

    async def submit(
        self,
        job: Job,
        priority: float = 0,
        *,
        deadline: float = float("inf"),
        admitted: bool = False,
        timing: JobTiming | None = None,
    ) -> Result:
        """Queue a job and wait for its result.

        Lower `priority` goes first, then the earlier `deadline` (the event loop's time at which
        the result is needed), then the job that was submitted first. A job that continues
        `admitted` work is never refused. Cancelling the caller drops a job that has not started.
        What the job took is added to `timing`.

        Raises:
            QueueFull: at once, if too much waits before the job or the wait would be too long.
            ServiceError: `engine-failed`, the job's batch ran too long, or no worker is left.
        """
        self._drop_cancelled()
        if self._lost_workers >= self._limits.workers:
            raise _no_worker_left()
        if not admitted:
            self._admit(priority)
        answer = self._queue.put(
            job, self._size(job), priority, deadline, timing or JobTiming(), admitted=admitted
        )
        self._arrived.set()
        return await answer

    async def call(self, function: Callable[[], Value]) -> Value:
        """Run something that is not a job (loading, warming up) in a worker thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)

    def detach(self) -> None:
        """Let go of the engine, whose memory the next one needs; jobs wait for `replace`."""
        self._is_paused = True
        self._run_batch = _without_engine
        if self._last_failure is not None:
            self._last_failure.__traceback__ = None  # its frames hold what the engine computed with

    def resume(self) -> None:
        """Go on with the jobs that wait; without an engine they fail."""
        self._is_paused = False
        self._arrived.set()

    def replace(
        self,
        run_batch: Callable[[Sequence[Job]], Sequence[Result | Exception]],
        limits: BatchLimits,
    ) -> None:
        """Go on with another engine in new workers; jobs that wait, wait for it.

        Batches that still run in the engine before are not waited for.
        """
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._thread = ThreadPoolExecutor(limits.workers, thread_name_prefix=self.name)
        self._run_batch = run_batch
        self._limits = limits
        self._lost_workers = 0
        self._seconds_per_size = 0.0
        self._failures_in_row = 0
        self._last_failure = None
        self._progress_at = time.monotonic()
        self.resume()

    async def close(self) -> None:
        """Drop what waits; the result of a running batch is lost, as no thread can be stopped."""
        tasks = [*self._batches, *([self._dispatcher] if self._dispatcher else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for waiting in self._queue.take_all():
            waiting.answer.cancel()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _admit(self, priority: float) -> None:
        """Refuse a job that would wait behind too much."""
        depth, size = self._queue.before(priority)
        if depth >= self._limits.max_queue:
            self.stats.refused += 1
            raise QueueFull(f"{depth} requests already wait, at most {self._limits.max_queue} may")
        size += sum(batch.size for batch in self._running.values())
        expected = size * self._seconds_per_size / self._limits.workers
        if expected > self._limits.max_wait_seconds:
            self.stats.refused += 1
            raise QueueFull(
                f"the wait would be {expected:.1f} s, at most {self._limits.max_wait_seconds:g} s"
            )

    def _drop_cancelled(self) -> None:
        self.stats.cancelled += self._queue.drop_cancelled()

    async def _dispatch(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while not self._is_paused and (idle := self._idle_workers()) > 0:
                batch = self._take_batch(idle)
                if not batch:
                    break
                task = asyncio.create_task(self._run(batch))
                self._batches.add(task)
                task.add_done_callback(self._free_worker)

    def _idle_workers(self) -> int:
        return self._limits.workers - self._lost_workers - len(self._batches)

    def _free_worker(self, batch: asyncio.Task[None]) -> None:
        self._batches.discard(batch)
        self._arrived.set()

    def _take_batch(self, idle: int) -> list[WaitingJob[Job, Result]]:
        self._drop_cancelled()
        return self._queue.take_batch(self._limits.max_jobs, self._limits.max_padded_size, idle)

    async def _run(self, batch: list[WaitingJob[Job, Result]]) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        for waiting in batch:
            self.stats.wait_seconds += started - waiting.since
            waiting.timing.queue_seconds += started - waiting.since
        size = sum(waiting.size for waiting in batch)
        self._running[batch[0].order] = _Batch(len(batch), size, started)
        running = loop.run_in_executor(self._thread, self._run_batch, [one.job for one in batch])
        try:
            await asyncio.wait({running}, timeout=self._limits.job_seconds)
        finally:
            del self._running[batch[0].order]
            self._note_run(batch, size, loop.time() - started)
        if not running.done():
            self._give_up(batch, running)
            return
        try:
            outcomes = list(zip(batch, running.result(), strict=True))
        except Exception as error:
            await self._after_failure(batch, error)
            return
        for waiting, result in outcomes:
            self._answer(waiting, result)

    def _give_up(
        self,
        batch: list[WaitingJob[Job, Result]],
        running: "asyncio.Future[Sequence[Result | Exception]]",
    ) -> None:
        """Fail a batch that runs too long, and, with the last worker, whatever waits."""
        seconds = self._limits.job_seconds
        _LOGGER.error("%s: a batch of %d has not returned in %g s", self.name, len(batch), seconds)
        self._lose_worker(running)
        for waiting in batch:
            text = f"the engine did not answer in {seconds:g} s"
            self._answer(waiting, ServiceError(ErrorCode.ENGINE_FAILED, text))
        if self._lost_workers >= self._limits.workers:
            for waiting in self._queue.take_all():
                self._answer(waiting, _no_worker_left())

    def _lose_worker(self, running: "asyncio.Future[Sequence[Result | Exception]]") -> None:
        """Count a worker as lost until its batch returns; an engine made since has its own."""
        executor = self._thread
        self._lost_workers += 1

        def returned(done: "asyncio.Future[Sequence[Result | Exception]]") -> None:
            if not done.cancelled():
                done.exception()  # nobody else looks at it
            if executor is self._thread:
                self._lost_workers -= 1
                self._arrived.set()

        running.add_done_callback(returned)

    async def _after_failure(self, batch: list[WaitingJob[Job, Result]], error: Exception) -> None:
        """One job must not fail its neighbours: run a failed batch again, job by job."""
        self._note_failure(error)
        if len(batch) > 1:
            _LOGGER.warning("a batch of %d failed (%r); running it one by one", len(batch), error)
            for waiting in batch:
                if not waiting.answer.done():
                    await self._run([waiting])
            return
        self._answer(batch[0], error)

    def _answer(self, waiting: WaitingJob[Job, Result], result: Result | Exception) -> None:
        failed = isinstance(result, Exception)
        self.stats.failed += failed
        self.stats.finished += not failed
        if isinstance(result, Exception):
            self._note_failure(result)
            self._failures_in_row += not isinstance(result, ServiceError)
        else:
            self._failures_in_row = 0
            self._progress_at = time.monotonic()
        if waiting.answer.done():
            return
        if isinstance(result, Exception):
            waiting.answer.set_exception(result)
        else:
            waiting.answer.set_result(result)

    def _note_failure(self, error: Exception) -> None:
        if not isinstance(error, ServiceError):  # which a job may bring upon itself
            self._last_failure = error

    def _note_run(self, batch: list[WaitingJob[Job, Result]], size: float, seconds: float) -> None:
        self.stats.batches += 1
        self.stats.run_seconds += seconds
        for waiting in batch:
            waiting.timing.run_seconds += seconds
            waiting.record(self.name, seconds, len(batch))
        if size:
            newest = seconds / size
            known = self._seconds_per_size or newest
            self._seconds_per_size = (1 - _SMOOTHING) * known + _SMOOTHING * newest


def _without_engine(_: Sequence[object]) -> Sequence[Any]:
    raise RuntimeError("the engine could not be rebuilt")


def _no_worker_left() -> ServiceError:
    return ServiceError(ErrorCode.ENGINE_FAILED, "the engine does not answer; try again later")
