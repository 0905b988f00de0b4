"""What becomes of requests when something goes wrong."""

import asyncio
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from benchmarks.ray.cluster import Cluster
from benchmarks.ray.subjects import Subject
from wyoming_serving.errors import QueueFull


@dataclass(frozen=True)
class Fault:
    """What became of requests."""

    service: str
    what: str
    requests: int
    answered: int
    asked_again: int | None
    """Of a second replica; None was not counted."""
    refused: int
    longest_ms: float
    """Until nobody waited any more."""

    @property
    def failed(self) -> int:
        """Those that were neither answered nor refused."""
        return self.requests - self.answered - self.refused


async def hit_one(
    service: str, what: str, number: signal.Signals, requests: int, subject: Subject, at: Cluster
) -> Fault:
    """Send a signal to the replica that has most of so many requests."""
    before, computed = subject.asked_again(), at.cpu_seconds()
    began = time.perf_counter()
    jobs = [asyncio.ensure_future(subject.ask()) for _ in range(requests)]
    await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
    hit = at.busiest(computed)
    hit.send_signal(number)
    fault = await outcome(service, what, jobs, began, subject, before)
    await at.until_replicas(2, without=[hit])
    return fault


async def flooded(service: str, requests: int, subject: Subject) -> Fault:
    """Ask more at once than may wait."""
    before, began = subject.asked_again(), time.perf_counter()
    jobs = [asyncio.ensure_future(subject.ask()) for _ in range(requests)]
    return await outcome(service, "a full queue", jobs, began, subject, before)


async def scaled(
    service: str, seconds: float, clients: int, subject: Subject, at: Cluster
) -> Fault:
    """Load that brings a third replica, and goes."""
    before, began = subject.asked_again(), time.perf_counter()
    ending = asyncio.Event()
    jobs: list[asyncio.Future[object]] = []

    async def client() -> None:
        while not ending.is_set():
            jobs.append(asyncio.ensure_future(subject.ask()))
            await asyncio.wait({jobs[-1]})

    loading = [asyncio.create_task(client()) for _ in range(clients)]
    await at.until_replicas(3)
    await asyncio.sleep(seconds)
    ending.set()
    await asyncio.gather(*loading)
    fault = await outcome(service, "one replica, three, one", jobs, began, subject, before)
    await at.until_replicas(1)
    return fault


async def outcome(
    service: str,
    what: str,
    jobs: "Iterable[asyncio.Future[Any]]",
    began: float,
    subject: Subject | None = None,
    before: int = 0,
) -> Fault:
    """Wait for all jobs, which began then; `subject` had asked again so often `before`."""
    outcomes = await asyncio.gather(*jobs, return_exceptions=True)
    return Fault(
        service,
        what,
        len(outcomes),
        sum(not isinstance(one, BaseException) for one in outcomes),
        None if subject is None else subject.asked_again() - before,
        sum(isinstance(one, QueueFull) for one in outcomes),
        1000 * (time.perf_counter() - began),
    )
