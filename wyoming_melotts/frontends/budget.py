"""How long the reading of a text may take.

Rules and dictionaries of the languages read most texts in milliseconds a sentence, and a few that
somebody made for it in seconds. A sentence is bounded by its length; this bounds a whole text.
"""

import math
import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


class ReadingBudget:
    """The CPU time that one request's text may take from written to phones."""

    def __init__(self, seconds: float, spent: float = 0.0) -> None:
        """`spent` are those of the seconds that are gone."""
        self.seconds = seconds
        self.spent = spent

    @property
    def is_spent(self) -> bool:
        """Whether no more is allowed."""
        return self.spent > self.seconds

    def spend(self, read: Callable[[], Value]) -> Value:
        """Returns what `read` returns, which runs in the calling thread and on its account."""
        started = time.thread_time()
        found = read()
        self.spent += time.thread_time() - started
        return found


UNLIMITED = ReadingBudget(math.inf)
"""For texts of the service's own, and of whoever runs it."""
