"""Eight-bit weights for CPUs: a quarter of the memory, less than half of the time.

A matrix is stored as signed integers with a scale for each output, and its input is quantized
while it is multiplied (`DynamicQuantizeMatMul` in ONNX Runtime's contrib operators), over the whole
input: what is multiplied together shares one scale, so that a run has to hold one utterance alone
where its result must not depend on its neighbours.
"""

import platform
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

Int8 = npt.NDArray[np.int8]
Float32 = npt.NDArray[np.float32]

_CPU_FLAGS = Path("/proc/cpuinfo")


@cache
def has_exact_signed_products() -> bool:
    """Whether this CPU adds products with signed weights of 8 bits exactly.

    x86-64 before VNNI adds two of them in 16 bits, which 2 * 255 * 127 does not fit into
    (`vpmaddubsw`, which saturates).
    """
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return True
    try:
        flags = _CPU_FLAGS.read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return "avx512_vnni" in flags or "avx_vnni" in flags


def largest_weight() -> int:
    """The largest integer that a weight may be on this CPU, so that every sum is exact."""
    return 127 if has_exact_signed_products() else 64


def quantize(weight: Float32, largest: int) -> tuple[Int8, Float32]:
    """A matrix [inputs, outputs] as integers up to `largest`, and the scale of each output."""
    scale = np.maximum(np.abs(weight).max(axis=0), np.float32(1e-12)) / np.float32(largest)
    return np.rint(weight / scale).astype(np.int8), scale.astype(np.float32)
