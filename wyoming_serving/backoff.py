"""How long to wait before something that failed is tried again."""

import random


def pause_seconds(failures: int, first: float, longest: float) -> float:
    """Returns the pause after so many failures in a row, from 1.

    It doubles from `first` up to `longest`, give or take a quarter: many that failed together do
    not come back together.
    """
    doubled = first * 2.0 ** min(failures - 1, 30)
    return float(min(longest, doubled) * random.uniform(0.75, 1.25))
