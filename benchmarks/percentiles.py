"""What a list of times comes to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Percentiles:
    """Of `count` values, in their unit."""

    count: int
    p50: float
    p95: float
    p99: float


def percentiles(values: Sequence[float]) -> Percentiles:
    """Percentiles with linear interpolation between the nearest two values.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("there are no percentiles of no values")
    p50, p95, p99 = (float(value) for value in np.percentile(values, (50, 95, 99)))
    return Percentiles(len(values), p50, p95, p99)
