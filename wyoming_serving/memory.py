"""Returning memory to the operating system."""

import ctypes
import sys


def release_freed_memory() -> None:
    """Return freed memory that the C library keeps; only glibc can do that."""
    if sys.platform != "linux":
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
