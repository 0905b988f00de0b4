"""The weights in FunASR's published ONNX files, by the names that they have in a checkpoint.

An export keeps a tensor's name only where it uses the tensor as it is; matrices are transposed and
get a number. But every node is named after its module (`/encoder/encoders.0/norm1/Mul`), so that
what a node takes tells whose weight it is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wyoming_funasr.engines.onnx.layers import Float32, Integers, Weights
from wyoming_serving.onnx_reader import UINT8, Initializer, Node, read_graph

_PARTS = {
    "MatMul": "weight", "MatMulInteger": "weight", "Mul": "weight", "Conv": "weight",
    "Gather": "weight", "Add": "bias",
}  # fmt: skip
"""What a module's weights are called by the operation that takes them."""

_QUANTIZED, _SCALE, _ZERO_POINT = "_quantized", "_scale", "_zero_point"
"""How ONNX Runtime's `quantize_dynamic` names what a matrix becomes."""

_ALIASES = {"ctc_lo": "ctc.ctc_lo", "embed_1": "embed", "embed_2": "embed"}
"""Modules that are called past the one that holds them, or once more."""


@dataclass(frozen=True)
class _Transposed:
    """A linear layer's matrix, stored [inputs, outputs]."""

    stored: Initializer

    @property
    def shape(self) -> tuple[int, ...]:
        return self.stored.shape[::-1]

    def read_float32(self) -> Float32:
        return self.stored.read_float32().T


@dataclass(frozen=True)
class _Quantized:
    """The same as integers; scale and zero point are one number, or one for each output."""

    stored: Initializer
    scale: Initializer
    zero_point: Initializer

    @property
    def shape(self) -> tuple[int, ...]:
        return self.stored.shape[::-1]

    def read_integers(self) -> tuple[Integers, Float32, Integers]:
        outputs = self.shape[0]
        scale = np.broadcast_to(self.scale.read_float32().reshape(-1), outputs)
        zero = np.broadcast_to(self.zero_point.read().reshape(-1), outputs)
        return self.stored.read().view(np.uint8), scale, zero.view(np.uint8)

    def read_float32(self) -> Float32:
        integers, scale, zero = self.read_integers()
        return ((integers.astype(np.float32) - zero) * scale).T


def read_published(file: Path) -> Weights:
    """What can be told of a published file's weights; the others are missing.

    Raises:
        ServiceError: it is not an ONNX file, or damaged.
    """
    nodes, initializers = read_graph(file)
    for node in nodes:
        if node.op == "Identity" and node.inputs[0] in initializers:  # tensors that are the same
            initializers[node.outputs[0]] = initializers[node.inputs[0]]
    found = dict(_owned(nodes, initializers))
    quantized = {name: one for name, one in found.items() if isinstance(one, _Quantized)}
    return Weights(file, found, quantized)


def _owned(
    nodes: Iterable[Node], initializers: Mapping[str, Initializer]
) -> Iterable[tuple[str, Initializer | _Transposed | _Quantized]]:
    """Weights with their names."""
    for node in nodes:
        part = _PARTS.get(node.op)
        taken = [initializers[name] for name in node.inputs if name in initializers]
        if part is None or not taken:
            continue
        module = ".".join(node.name.strip("/").split("/")[:-1])
        name = f"{_ALIASES.get(module, module)}.{part}"
        if node.op == "MatMulInteger":
            quantized = _quantized(taken[0], initializers)
            if quantized is not None:
                yield name, quantized
        elif node.op == "MatMul":
            yield name, _Transposed(taken[0])
        else:
            yield name, taken[0]


def _quantized(stored: Initializer, initializers: Mapping[str, Initializer]) -> _Quantized | None:
    matrix = stored.name.removesuffix(_QUANTIZED)
    scale, zero_point = (initializers.get(matrix + end) for end in (_SCALE, _ZERO_POINT))
    if scale is None or zero_point is None or stored.data_type != UINT8:
        return None
    return _Quantized(stored, scale, zero_point)
