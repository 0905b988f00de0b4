"""Memory that a program has freed goes back to the system."""

import sys

import psutil
import pytest

from wyoming_serving.memory import release_freed_memory

_BLOCK_BYTES = 1 << 16
"""Small enough that the C library keeps such blocks for later."""


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc returns memory when told to")
def test_freed_memory_goes_back() -> None:
    process = psutil.Process()
    blocks = [bytearray(b"x" * _BLOCK_BYTES) for _ in range(2_000)]
    last = bytearray(b"x" * _BLOCK_BYTES)
    full = process.memory_info().rss
    blocks.clear()
    release_freed_memory()
    assert process.memory_info().rss < full - 1_500 * _BLOCK_BYTES
    assert len(last) == _BLOCK_BYTES
