"""Independent work on all cores, each piece on one."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


class SideBySide:
    """Worker threads that share torch's CPU threads between them.

    A core that works on one job alone wastes nothing on waiting for the other cores.
    """

    def __init__(self, workers: int, threads: int) -> None:
        """`threads`: CPU threads in all."""
        self.workers = workers
        self._pool = ThreadPoolExecutor(
            workers,
            thread_name_prefix="side-by-side",
            initializer=partial(_use_threads, max(1, threads // workers)),
        )

    def map(self, function: Callable[[Job], Result], jobs: Iterable[Job]) -> list[Result]:
        """Results in the order of the jobs; the first exception is raised."""
        return list(self._pool.map(function, jobs))

    def close(self) -> None:
        """End the threads; a job that runs in one ends unheard."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _use_threads(count: int) -> None:
    import torch

    torch.set_num_threads(count)
