"""What every scheduler is, to those that give it jobs and to those that watch it."""

from typing import Protocol, TypeVar

from wyoming_serving.job_queue import JobTiming, SchedulerStats
from wyoming_serving.scheduler import BatchLimits

Job = TypeVar("Job", contravariant=True)
Result = TypeVar("Result", covariant=True)


class WatchedScheduler(Protocol):
    """What is known of an engine from the jobs that it has."""

    name: str
    stats: SchedulerStats

    @property
    def limits(self) -> BatchLimits:
        """How much may run, and wait, at once."""

    @property
    def depth(self) -> int:
        """Number of jobs that wait here."""

    @property
    def running(self) -> int:
        """Number of jobs that were taken up and are not answered."""

    @property
    def lost_workers(self) -> int:
        """Workers whose batch was given up and has not returned."""

    @property
    def idle_seconds(self) -> float:
        """Time since the last job finished."""

    @property
    def failures_in_row(self) -> int:
        """Jobs that failed since the last one that finished, by the engine's fault."""

    @property
    def last_failure(self) -> Exception | None:
        """What an engine in this process raised last."""

    @property
    def overdue_seconds(self) -> float:
        """How long the engine has owed an answer."""

    def detach(self) -> None:
        """Let go of an engine that is about to be rebuilt."""

    def resume(self) -> None:
        """Go on after an engine was rebuilt."""

    async def close(self) -> None:
        """Drop what waits and what runs."""


class JobScheduler(WatchedScheduler, Protocol[Job, Result]):
    """Answers jobs: `Scheduler` in this process, `RayScheduler` in others."""

    async def submit(
        self,
        job: Job,
        priority: float = 0,
        *,
        deadline: float = float("inf"),
        admitted: bool = False,
        timing: JobTiming | None = None,
    ) -> Result:
        """Wait for a job's result; see `Scheduler.submit`."""
