"""Memory: how much there is for this process, and returning what it has freed."""

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from wyoming_serving.cgroups import memory_limit
from wyoming_serving.errors import ErrorCode, ServiceError

_NEVER = 2**31 - 1


def free_memory_bytes() -> int:
    """Returns the memory that new data may take: the container's share, or the machine's."""
    limit = memory_limit()
    available: int = psutil.virtual_memory().available
    return available if limit is None else min(available, limit.free_bytes)


def total_memory_bytes() -> int:
    """Returns the memory that this process may ever have."""
    limit = memory_limit()
    total: int = psutil.virtual_memory().total
    return total if limit is None else min(total, limit.limit_bytes)


def require_memory(least_bytes: int, what: str) -> None:
    """Refuse a machine, or a container, that is too small.

    Raises:
        ServiceError: `memory-too-small`, it has less memory than `what` needs.
    """
    total = total_memory_bytes()
    if total < least_bytes:
        raise ServiceError(
            ErrorCode.MEMORY_TOO_SMALL,
            f"{what} needs {least_bytes / 1e9:.1f} GB of memory, this machine or container has "
            f"{total / 1e9:.1f} GB",
        )


def exempt_from_collection() -> None:
    """Exempt what is loaded by now from Python's garbage collection, for a process that keeps it.

    A full collection looks at every object and would hold the event loop for 100 ms now and then.
    """
    gc.collect()
    gc.freeze()


@contextmanager
def large_structure() -> Iterator[None]:
    """Build something large that stays: no garbage collection meanwhile, and exempt from it then.

    Every new object makes a full collection due sooner, and each holds the event loop. What is
    built must hold no reference cycles, which an exempt object would keep for ever.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def without_full_collections() -> Iterator[None]:
    """Build something of which most is temporary: full garbage collections wait until it is done.

    Then what was temporary is gone, and they are short. Young objects are collected meanwhile.
    """
    young, middle, old = gc.get_threshold()
    gc.set_threshold(young, middle, _NEVER)
    try:
        yield
    finally:
        gc.set_threshold(young, middle, old)


def release_freed_memory() -> None:
    """Return freed memory that the C library keeps; only glibc can do that."""
    if sys.platform != "linux":
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
