"""How much memory there is, and that what a program has freed goes back to the system."""

import sys

import psutil
import pytest

from wyoming_serving.errors import ServiceError
from wyoming_serving.memory import (
    free_memory_bytes,
    release_freed_memory,
    require_memory,
    total_memory_bytes,
)

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


def test_too_little_memory_is_refused_with_both_numbers() -> None:
    require_memory(1, "nothing")
    needed = r"model X needs 1000000.0 GB of memory, this machine or container has \d+\.\d GB"
    with pytest.raises(ServiceError, match=needed):
        require_memory(10**15, "model X")


def test_what_is_free_is_no_more_than_there_is() -> None:
    assert 0 < free_memory_bytes() <= total_memory_bytes() <= psutil.virtual_memory().total
