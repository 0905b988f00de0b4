"""Eight-bit weights for CPUs: a quarter of the memory, less than half of the time.

A matrix is stored as signed integers with a scale for each output, and its input is quantized
while it is multiplied (`DynamicQuantizeMatMul` in ONNX Runtime's contrib operators), over the whole
input: what is multiplied together shares one scale, so that a run has to hold one utterance alone
where its result must not depend on its neighbours.
"""

import numpy as np
import numpy.typing as npt

from wyoming_serving.cpu_features import cpu_flags, is_x86

Int8 = npt.NDArray[np.int8]
Float32 = npt.NDArray[np.float32]


def has_exact_signed_products() -> bool:
    """Whether this CPU adds products with signed weights of 8 bits exactly.

    x86-64 before VNNI adds two of them in 16 bits, which 2 * 255 * 127 does not fit into
    (`vpmaddubsw`, which saturates).
    """
    return not is_x86() or not {"avx512_vnni", "avx_vnni"}.isdisjoint(cpu_flags())


def largest_weight() -> int:
    """The largest integer that a weight may be on this CPU, so that every sum is exact."""
    return 127 if has_exact_signed_products() else 64


def quantize(weight: Float32, largest: int) -> tuple[Int8, Float32]:
    """A matrix [inputs, outputs] as integers up to `largest`, and the scale of each output."""
    scale = np.maximum(np.abs(weight).max(axis=0), np.float32(1e-12)) / np.float32(largest)
    return np.rint(weight / scale).astype(np.int8), scale.astype(np.float32)
