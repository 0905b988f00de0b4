"""A simulation: how many sessions N GPUs carry behind one queue, and how long answers take.

A session asks, as a Poisson process, for one recognition every `SECONDS_BETWEEN`. Each GPU takes up
to `MOST` requests that wait as one batch; a batch takes `BASE_MS + EACH_MS` x its size, which is
assumed. The way to a replica and back is added, as measured by `benchmarks.ray` on one machine.
Batches, lengths and the network of a real cluster vary more.
"""

import heapq
from collections import deque
from dataclasses import dataclass
from typing import Self

import numpy as np

from benchmarks.percentiles import percentiles

SECONDS_BETWEEN = 5.0
MOST = 8
BASE_MS = 10.0
EACH_MS = 2.5
AIM_MS = 100.0
SIMULATED_SECONDS = 60.0


@dataclass(frozen=True)
class Figures:
    """What the simulation takes from a measurement."""

    way_ms: float
    """To a replica and back."""

    @classmethod
    def of(cls, way_ms: float) -> Self:
        """Returns the figures; a way cannot take less than no time."""
        return cls(max(0.0, way_ms))


def p95_ms(sessions: int, gpus: int, figures: Figures) -> float:
    """Returns the 95th percentile of the time from a request to its answer."""
    rng = np.random.default_rng(0)
    count = rng.poisson(sessions * SIMULATED_SECONDS / SECONDS_BETWEEN)
    arrivals = np.sort(rng.uniform(0, SIMULATED_SECONDS * 1000, count)).tolist()
    if not arrivals:
        return figures.way_ms
    free = [0.0] * gpus
    waiting: deque[float] = deque(arrivals)
    times = []
    while waiting:
        start = max(heapq.heappop(free), waiting[0])
        batch = [waiting.popleft()]
        while waiting and len(batch) < MOST and waiting[0] <= start:
            batch.append(waiting.popleft())
        end = start + BASE_MS + EACH_MS * len(batch)
        heapq.heappush(free, end)
        times += [end - arrival + figures.way_ms for arrival in batch]
    return percentiles(times).p95


def most_sessions(gpus: int, figures: Figures) -> int:
    """Returns the most sessions, to the nearest hundred below, whose p95 is within `AIM_MS`."""
    low, high = 0, 100 * gpus * 100
    while high - low > 100:
        middle = (low + high) // 200 * 100
        if p95_ms(middle, gpus, figures) <= AIM_MS:
            low = middle
        else:
            high = middle
    return low


def sessions_table(figures: Figures) -> str:
    """Returns the result with its assumptions, as Markdown."""
    rows = []
    for gpus in (1, 2, 4, 8):
        sessions = most_sessions(gpus, figures)
        rows.append(f"| {gpus} | {sessions} | {p95_ms(sessions, gpus, figures):.0f} ms |")
    return "\n".join(
        [
            "## A simulation, not a measurement",
            "",
            f"Assumed: one recognition every {SECONDS_BETWEEN:g} s in each session (Poisson), "
            f"batches of up to {MOST} in {BASE_MS:g} + {EACH_MS:g} x size ms on every GPU, one "
            f"queue, {figures.way_ms:.1f} ms to a replica and back (measured here on one machine), "
            f"p95 within {AIM_MS:g} ms. Not in it: several queues, network, lengths that differ.",
            "",
            "| GPUs | sessions | p95 |",
            "| --- | --- | --- |",
            *rows,
            "",
        ]
    )
