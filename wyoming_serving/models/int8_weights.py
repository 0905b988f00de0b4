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

_LARGEST = 127


def has_exact_signed_products() -> bool:
    """Whether this CPU adds products with signed weights of 8 bits exactly.

    x86-64 before VNNI adds two of them in 16 bits, which 2 * 255 * 127 does not fit into
    (`vpmaddubsw`, which saturates): those of inputs 2n and 2n + 1, as ONNX Runtime packs them.
    """
    return not is_x86() or not {"avx512_vnni", "avx_vnni"}.isdisjoint(cpu_flags())


def largest_pair() -> int:
    """What the absolute values of two weights side by side may add up to on this CPU.

    The same sign is what counts: inputs are unsigned. 255 * 128 fits into 16 bits, and rounding
    adds up to one to a pair.
    """
    return 2 * _LARGEST if has_exact_signed_products() else 127


def quantize(weight: Float32, largest_pair: int) -> tuple[Int8, Float32]:
    """A matrix [inputs, outputs] as integers up to 127, and the scale of each output.

    Integers of one sign at inputs 2n and 2n + 1 add up to no more than `largest_pair` (and one).
    """
    pairs = np.pad(weight, ((0, len(weight) % 2), (0, 0))).reshape(-1, 2, weight.shape[1])
    one_sign = np.maximum(pairs.clip(min=0).sum(axis=1), pairs.clip(max=0).sum(axis=1) * -1)
    scale = np.maximum(
        np.abs(weight).max(axis=0) / np.float32(_LARGEST),
        one_sign.max(axis=0) / np.float32(largest_pair),
    )
    scale = np.maximum(scale, np.float32(1e-14))
    return np.rint(weight / scale).astype(np.int8), scale.astype(np.float32)
