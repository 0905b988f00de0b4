"""Giving memory back to the system."""

import ctypes
import sys


def release_freed_memory() -> None:
    """Return to the system what the C library keeps of freed memory; only glibc knows how."""
    if sys.platform != "linux":
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
