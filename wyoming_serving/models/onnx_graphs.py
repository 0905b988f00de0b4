"""Writing ONNX graphs: nodes and small constants in the graph, weights in a file beside it.

The format is protocol buffers; what a graph needs of it is a page (`onnx/onnx.proto` in the ONNX
project, whose field numbers stand here), so that a service needs no package for it. Weights go to
their file while a graph is being built: no more than one of them is held at a time.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from wyoming_serving.models.protobuf import (
    bytes_field,
    external_data,
    float_field,
    integer_field,
    text_field,
)

Array = npt.NDArray[np.generic]
Attribute = int | float | str | Sequence[int]
Dimension = int | str
"""A size, or the name of one that differs from run to run."""

MICROSOFT = "com.microsoft"
"""The domain of ONNX Runtime's own operators."""

_IR_VERSION = 9
_OPSET = 17
_ALIGNMENT = 4096
"""Weights begin on a page, so that each can be mapped into memory by itself."""

_ELEMENT_TYPES = {
    np.dtype(np.float32): 1, np.dtype(np.uint8): 2, np.dtype(np.int8): 3, np.dtype(np.int32): 6,
    np.dtype(np.int64): 7, np.dtype(np.bool_): 9,
}  # fmt: skip


@dataclass
class Graph:
    """A graph while it is being built; use it as a context, which closes the file of weights."""

    weights_file: Path
    _nodes: list[bytes] = field(default_factory=list)
    _initializers: list[bytes] = field(default_factory=list)
    _inputs: list[bytes] = field(default_factory=list)
    _outputs: list[bytes] = field(default_factory=list)
    _known: dict[bytes, str] = field(default_factory=dict)
    _names: int = 0

    def __enter__(self) -> "Graph":
        self._weights: BinaryIO = self.weights_file.open("wb")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._weights.close()

    def input(self, name: str, dtype: npt.DTypeLike, shape: Sequence[Dimension]) -> str:
        """Declare an input of the graph."""
        self._inputs.append(_value(name, dtype, shape))
        return name

    def output(
        self, name: str, value: str, dtype: npt.DTypeLike, shape: Sequence[Dimension]
    ) -> None:
        """Declare that `value` is the graph's output `name`."""
        self._add("Identity", [value], [name], "", {})
        self._outputs.append(_value(name, dtype, shape))

    def constant(self, value: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> str:
        """A small constant; gives its name."""
        name = self._name()
        array = np.asarray(value, dtype)
        self._initializers.append(_tensor(name, array) + bytes_field(9, array.tobytes()))
        return name

    def ints(self, *values: int) -> str:
        """A constant vector of whole numbers; gives its name."""
        return self.constant(values, np.int64)

    def weight(self, array: Array) -> str:
        """A weight, written to the file of weights; gives its name. The same one is kept once."""
        array = np.ascontiguousarray(array)
        described = f"{array.dtype}{array.shape}".encode()
        digest = hashlib.blake2b(described + hashlib.blake2b(array.data).digest()).digest()
        if digest in self._known:
            return self._known[digest]
        name = self._known[digest] = self._name()
        self._weights.write(b"\0" * (-self._weights.tell() % _ALIGNMENT))
        place = external_data(self.weights_file.name, self._weights.tell(), array.nbytes)
        self._weights.write(array.data)
        self._initializers.append(_tensor(name, array) + place)
        return name

    def add(self, op: str, *inputs: str, domain: str = "", **attributes: Attribute) -> str:
        """Add a node with one output; gives the output's name. An empty input is none."""
        return self.split(op, *inputs, outputs=1, domain=domain, **attributes)[0]

    def split(
        self, op: str, *inputs: str, outputs: int, domain: str = "", **attributes: Attribute
    ) -> list[str]:
        """Add a node with several outputs; gives their names."""
        names = [self._name() for _ in range(outputs)]
        self._add(op, inputs, names, domain, attributes)
        return names

    def save(self, file: Path) -> None:
        """Write the graph; it must lie beside its weights."""
        parts = [
            *(bytes_field(1, node) for node in self._nodes),
            text_field(2, "graph"),
            *(bytes_field(5, initializer) for initializer in self._initializers),
            *(bytes_field(11, value) for value in self._inputs),
            *(bytes_field(12, value) for value in self._outputs),
        ]
        opsets = [
            bytes_field(8, text_field(1, domain) + integer_field(2, version))
            for domain, version in (("", _OPSET), (MICROSOFT, 1))
        ]
        model = integer_field(1, _IR_VERSION) + b"".join(opsets) + bytes_field(7, b"".join(parts))
        file.write_bytes(model)

    def _name(self) -> str:
        self._names += 1
        return f"v{self._names}"

    def _add(
        self,
        op: str,
        inputs: Iterable[str],
        outputs: Iterable[str],
        domain: str,
        attributes: Mapping[str, Attribute],
    ) -> None:
        self._nodes.append(
            b"".join(text_field(1, name) for name in inputs)
            + b"".join(text_field(2, name) for name in outputs)
            + text_field(3, f"{op}_{len(self._nodes)}")
            + text_field(4, op)
            + b"".join(bytes_field(5, _attribute(*item)) for item in attributes.items())
            + text_field(7, domain)
        )


def _attribute(name: str, value: Attribute) -> bytes:
    """AttributeProto: the name, the value in the field of its type, the type."""
    if isinstance(value, float):
        found, kind = float_field(2, np.float32(value).tobytes()), 1
    elif isinstance(value, int):
        found, kind = integer_field(3, value), 2
    elif isinstance(value, str):
        found, kind = text_field(4, value), 3
    else:
        found, kind = b"".join(integer_field(8, one) for one in value), 7
    return text_field(1, name) + found + integer_field(20, kind)


def _tensor(name: str, array: Array) -> bytes:
    """TensorProto without its values."""
    sizes = b"".join(integer_field(1, size) for size in array.shape)
    return sizes + integer_field(2, _ELEMENT_TYPES[array.dtype]) + text_field(8, name)


def _value(name: str, dtype: npt.DTypeLike, shape: Sequence[Dimension]) -> bytes:
    """ValueInfoProto."""
    sizes = [
        integer_field(1, size) if isinstance(size, int) else text_field(2, size) for size in shape
    ]
    dimensions = b"".join(bytes_field(1, size) for size in sizes)
    tensor = integer_field(1, _ELEMENT_TYPES[np.dtype(dtype)]) + bytes_field(2, dimensions)
    return text_field(1, name) + bytes_field(2, bytes_field(1, tensor))
