"""Watching an engine: does it answer, does it recover, or must the process end?

An engine can be dead while the process is well: a batch never returns, or every batch fails. Small
jobs of the service's own, canaries, tell whether it answers when nothing else does.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from wyoming_serving.errors import ErrorCode, QueueFull, ServiceError
from wyoming_serving.job_scheduler import WatchedScheduler
from wyoming_serving.settings import Settings

_LOGGER = logging.getLogger(__name__)

_STALL_SECONDS = 8.0
"""A batch that is overdue by so much is trouble, long before it is given up."""

_CHECK_SECONDS = 0.25

_REBUILD_SECONDS = 300.0
"""For loading an engine again; one that takes longer is given up."""

Canary = Callable[[], Awaitable[object]]
"""Gives the engine a small job and waits for its result."""


class Problem(StrEnum):
    """Why a service is degraded."""

    ENGINE = "engine"
    """The engine does not answer, or fails; it recovers or the process ends."""
    REDUCED = "reduced"
    """Requests are answered, but by less than what the settings ask for."""


class Reduction(StrEnum):
    """What an engine is rebuilt with after its device failed; each step takes less than before."""

    SMALLER_BATCHES = "smaller batches"
    CPU = "the CPU"


class Supervised(Protocol):
    """What the supervisor tells a service, and asks of it."""

    def set_problem(self, problem: Problem, text: str | None) -> None:
        """Take note of a problem, or with None of its end."""

    async def rebuild(self, reduction: Reduction) -> None:
        """Load the engine again, with less, and give it to its scheduler.

        Raises:
            Exception: that did not work; the next reduction is tried.
        """


@dataclass(frozen=True)
class SupervisionLimits:
    """How long trouble may last."""

    stall_seconds: float
    """Beyond what a batch should take."""
    canary_seconds: float
    """Idle time before a canary; 0 is never."""
    restart_seconds: float
    """Trouble that lasts so long ends the process; 0 is never."""

    @classmethod
    def from_settings(cls, settings: Settings) -> "SupervisionLimits":
        """Returns the limits that the settings ask for."""
        stall_seconds = min(_STALL_SECONDS, settings.job_seconds / 2)
        return cls(stall_seconds, settings.canary_seconds, settings.restart_seconds)


class Supervisor:
    """Watches the engines of a service, each behind its scheduler."""

    def __init__(self, service: Supervised, limits: SupervisionLimits) -> None:
        self._service = service
        self._limits = limits
        self._engines: list[_WatchedEngine] = []
        self._reductions = list(Reduction)
        self._trouble_since: float | None = None
        self._is_lost = False

    @property
    def is_lost(self) -> bool:
        """Whether the engine was given up, so that the process must end."""
        return self._is_lost

    def watch(self, scheduler: WatchedScheduler, canary: Canary) -> None:
        """Watch one more engine from now on."""
        self._engines.append(_WatchedEngine(scheduler, canary, self._limits))

    async def forget(self, scheduler: WatchedScheduler) -> None:
        """Watch an engine no more."""
        gone = [engine for engine in self._engines if engine.scheduler is scheduler]
        self._engines = [engine for engine in self._engines if engine.scheduler is not scheduler]
        for engine in gone:
            await engine.stop()

    async def run(self) -> None:
        """Watch until cancelled.

        Raises:
            ServiceError: `engine-failed`, trouble has lasted too long.
        """
        try:
            while True:
                await asyncio.sleep(_CHECK_SECONDS)
                await self._check()
        finally:
            for engine in self._engines:
                await engine.stop()

    async def _check(self) -> None:
        for engine in self._engines:
            engine.check()
        failed = [engine for engine in self._engines if engine.device_failure is not None]
        if failed and self._reductions:
            await self._rebuild(str(failed[0].device_failure))
        problems = [engine.problem for engine in self._engines if engine.problem is not None]
        self._take_note(problems)

    def _take_note(self, problems: list[str]) -> None:
        if not problems:
            if self._trouble_since is not None:
                _LOGGER.warning("the engine answers again")
                self._trouble_since = None
                self._service.set_problem(Problem.ENGINE, None)
            return
        text = "; ".join(problems)
        now = asyncio.get_running_loop().time()
        if self._trouble_since is None:
            self._trouble_since = now
            _LOGGER.error("the engine is in trouble: %s", text)
        self._service.set_problem(Problem.ENGINE, text)
        seconds = self._limits.restart_seconds
        if seconds and now - self._trouble_since >= seconds:
            self._is_lost = True
            raise ServiceError(
                ErrorCode.ENGINE_FAILED,
                f"the engine did not recover in {seconds:g} s ({text}): the process ends, so that "
                "its supervisor starts it again",
            )

    async def _rebuild(self, failure: str) -> None:
        """Go down the reductions until the engine can be rebuilt with one."""
        reason = " ".join(failure.split())[:200]
        self._service.set_problem(Problem.ENGINE, f"its device failed ({reason}); rebuilding it")
        for engine in self._engines:
            if engine.device_failure is not None:
                engine.detach()
        try:
            while self._reductions:
                reduction = self._reductions.pop(0)
                _LOGGER.error("the device failed (%s): rebuilding with %s", reason, reduction)
                try:
                    async with asyncio.timeout(_REBUILD_SECONDS):
                        await self._service.rebuild(reduction)
                except Exception as error:
                    _LOGGER.error("rebuilding with %s failed: %r", reduction, error)
                    continue
                self._service.set_problem(
                    Problem.REDUCED, f"runs with {reduction} since its device failed: {reason}"
                )
                break
        finally:
            self._trouble_since = asyncio.get_running_loop().time()
            for engine in self._engines:
                engine.resume()


class _WatchedEngine:
    """One scheduler, and what is known of the engine behind it."""

    def __init__(
        self, scheduler: WatchedScheduler, canary: Canary, limits: SupervisionLimits
    ) -> None:
        self.scheduler = scheduler
        self._canary = canary
        self._limits = limits
        self._task: asyncio.Task[None] | None = None
        self._canary_failure: Exception | None = None
        self._known_failure = scheduler.last_failure

    @property
    def problem(self) -> str | None:
        """Why it does not answer, None while it does."""
        name = self.scheduler.name
        if self.scheduler.lost_workers:
            return f"{name}: {self.scheduler.lost_workers} batches have not returned in time"
        if self.scheduler.overdue_seconds > self._limits.stall_seconds:
            return f"{name}: a batch has not returned for {self.scheduler.overdue_seconds:.1f} s"
        if self._canary_failure is not None and self.scheduler.failures_in_row:
            return f"{name}: {self._canary_failure!r}"
        return None

    @property
    def device_failure(self) -> Exception | None:
        """A new failure of the device itself."""
        failure = self.scheduler.last_failure
        is_new = failure is not None and failure is not self._known_failure
        return failure if is_new and is_device_failure(failure) else None

    def check(self) -> None:
        """Start a canary where the engine's state is not known."""
        if self._task is None or self._task.done():
            is_idle = not self.scheduler.running and not self.scheduler.depth
            waits = 0 < self._limits.canary_seconds < self.scheduler.idle_seconds
            if (is_idle and waits) or self.scheduler.failures_in_row:
                self._task = asyncio.create_task(self._sing(), name="canary")

    def detach(self) -> None:
        """Let go of the engine, of which nothing is known from now on."""
        self._canary_failure = None
        self.scheduler.detach()

    def resume(self) -> None:
        """Go on, with a rebuilt engine or without one; the next canary tells."""
        self._known_failure = self.scheduler.last_failure
        self.scheduler.resume()

    async def stop(self) -> None:
        """End a canary that is under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _sing(self) -> None:
        try:
            await self._canary()
            self._canary_failure = None
        except QueueFull:
            pass  # there is other work that tells
        except Exception as error:
            self._canary_failure = error
            await asyncio.sleep(self._limits.stall_seconds / 4)  # before the next one


def is_device_failure(error: BaseException | None) -> bool:
    """Whether a GPU failed: out of memory, or an error of CUDA, after which it is of no use.

    The exceptions' types are those of torch and ONNX Runtime, which need not be installed.
    """
    if error is None:
        return False
    names = {kind.__name__ for kind in type(error).__mro__}
    text = str(error)
    return bool(names & {"OutOfMemoryError", "AcceleratorError"}) or (
        isinstance(error, Exception) and ("CUDA" in text or "CUBLAS" in text or "cuDNN" in text)
    )
