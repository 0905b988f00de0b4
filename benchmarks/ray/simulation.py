"""A simulation: how many sessions N GPUs carry behind one queue, and how long answers take.

A session asks, as a Poisson process, for one recognition every `SECONDS_BETWEEN`. Each GPU takes up
to `MOST` requests that wait as one batch; a batch takes `BASE_MS + EACH_MS` x its size, which is
assumed. The rest is calibrated with measurements on one machine: the way to a replica and back, how
much of its time a replica under load computes, and what a request costs a front. Lengths and the
network of a real cluster vary more.
"""

import heapq
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from benchmarks.percentiles import percentiles
from benchmarks.ray.load import CLIENTS, Run

SECONDS_BETWEEN = 5.0
MOST = 8
BASE_MS = 10.0
EACH_MS = 2.5
AIM_MS = 100.0
GPUS = (1, 2, 4, 8)
SIMULATED_SECONDS = 60.0
_FRONT_LOAD = 0.5
"""Of a core, which a front may take for what replicas answer: it hears as well."""


@dataclass(frozen=True)
class Figures:
    """What the simulation takes from measurements."""

    way_ms: float
    """To a replica and back."""
    busy: float = 1.0
    """The part of its time that a replica computes while requests wait."""
    front_ms: float = 0.0
    """CPU time of a request at its front."""

    @classmethod
    def of(cls, run: Run) -> Self:
        """Returns the figures of one replica; none takes less than no time, or computes longer."""
        way_ms = max(0.0, run.alone_ms.p50 - run.run_ms)
        busy = min(1.0, run.per_second / most_per_second(1, 1, run.run_ms, way_ms))
        return cls(way_ms, busy, run.cpu_ms)


def most_per_second(replicas: int, cores: int, run_ms: float, way_ms: float) -> float:
    """Returns what `CLIENTS` that wait for their answers can get of replicas that never idle."""
    return 1000 * min(CLIENTS / (run_ms + way_ms), min(replicas, cores) / run_ms)


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
        end = start + (BASE_MS + EACH_MS * len(batch)) / figures.busy
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


def fronts(sessions: int, figures: Figures) -> int:
    """Returns how many fronts the sessions need for what they ask of replicas."""
    cores = sessions / SECONDS_BETWEEN * figures.front_ms / 1000
    return max(1, math.ceil(cores / _FRONT_LOAD))


def sessions_table(figures: Figures) -> str:
    """Returns the result with its assumptions, as Markdown."""
    rows = []
    for gpus in GPUS:
        sessions = most_sessions(gpus, figures)
        p95 = p95_ms(sessions, gpus, figures)
        rows.append(f"| {gpus} | {sessions} | {p95:.0f} ms | {fronts(sessions, figures)} |")
    return "\n".join(
        [
            "## A simulation, not a measurement",
            "",
            f"Assumed: one recognition every {SECONDS_BETWEEN:g} s in each session (Poisson), "
            f"batches of up to {MOST} in {BASE_MS:g} + {EACH_MS:g} x size ms on every GPU, one "
            f"queue, p95 within {AIM_MS:g} ms. Measured here on one machine, with one replica: "
            f"{figures.way_ms:.1f} ms to it and back, {figures.busy:.0%} of the time computing "
            f"under load, {figures.front_ms:.1f} ms of a front's CPU time a request, of which a "
            f"front has {_FRONT_LOAD:g} of a core. Not in it: several queues, network, lengths "
            "that differ, and what fronts compute to hear.",
            "",
            "| GPUs | sessions | p95 | fronts |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )


def check_table(runs: Sequence[Run], cores: int) -> str:
    """Returns what the simulation's figures say of the load that was measured, as Markdown."""
    one = next(run for run in runs if run.replicas == 1)
    figures = Figures.of(one)
    rows = []
    for run in (run for run in runs if run.replicas):
        said = figures.busy * most_per_second(run.replicas, cores, one.run_ms, figures.way_ms)
        rows.append(f"| {run.replicas} | {run.per_second:.0f} | {said:.0f} |")
    return "\n".join(
        [
            f"The same figures for the {CLIENTS} clients above, on {cores} cores that front, Ray "
            "and replicas share:",
            "",
            "| replicas | requests/s | calculated |",
            "| --- | --- | --- |",
            *rows,
            "",
        ]
    )
