"""Reading ONNX files piece by piece, by the field numbers of `onnx/onnx.proto`."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.models import protobuf
from wyoming_serving.models.protobuf import Field

DATA_TYPE, RAW_DATA = 2, 9
UINT8, INT8 = 2, 3
GRAPH, NODE, INITIALIZER = 7, 1, 5
_DIMS, _FLOAT_DATA, _INT32_DATA, _NAME, _EXTERNAL_DATA, _DATA_LOCATION = 1, 4, 5, 8, 13, 14
_NODE_INPUT, _NODE_OUTPUT, _NODE_NAME, _NODE_OP = 1, 2, 3, 4
_ELEMENTS = {1: "<f4", UINT8: "u1", INT8: "i1", 6: "<i4", 7: "<i8"}


@dataclass(frozen=True)
class Node:
    """An operation of a graph."""

    op: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Initializer:
    """A tensor of a graph: its description without type and values, and where these lie."""

    name: str
    shape: tuple[int, ...]
    data_type: int
    description: bytes
    file: Path
    start: int
    length: int
    inline: bytes | None = None
    """The values, where they were written as numbers."""

    def values(self) -> bytes:
        """The bytes of the tensor.

        Raises:
            ServiceError: `model-invalid`: the file ends within them.
        """
        if self.inline is not None:
            return self.inline
        with self.file.open("rb") as stream:
            stream.seek(self.start)
            found = stream.read(self.length)
        if len(found) < self.length:
            raise ServiceError(ErrorCode.MODEL_INVALID, f"{self.file} ends within {self.name}")
        return found

    def read(self) -> npt.NDArray[np.generic]:
        """The tensor in its own type.

        Raises:
            ServiceError: `model-invalid`: the file ends within it, or its type is not a known one.
        """
        element = _ELEMENTS.get(self.data_type)
        values = self.values()
        if element is None or len(values) != np.dtype(element).itemsize * int(np.prod(self.shape)):
            raise ServiceError(
                ErrorCode.MODEL_INVALID, f"{self.file}: {self.name} is no tensor of a known type"
            )
        found: npt.NDArray[np.generic] = np.frombuffer(values, element).reshape(self.shape)
        return found

    def read_float32(self) -> npt.NDArray[np.float32]:
        """The tensor as float32."""
        return self.read().astype(np.float32, copy=False)


def read_initializer(file: Path, stream: BinaryIO, item: Field) -> Initializer | None:
    """An initializer with raw values; None for one that is written in another way.

    Raises:
        ValueError: it is not an initializer, or lies outside of the file's folder.
    """
    name, data_type, raw, external, numbers = "", 0, None, {}, None
    shape: list[int] = []
    kept = []
    for part in protobuf.fields(stream, item.start, item.end):
        if part.number == RAW_DATA or (part.number == _FLOAT_DATA and part.is_message):
            raw = (file, part.start, part.end - part.start)
            continue
        if part.number == _INT32_DATA:
            numbers = part
            continue
        if part.number == _EXTERNAL_DATA:
            entry = [p.text(stream) for p in protobuf.fields(stream, part.start, part.end)]
            external[entry[0]] = entry[1]
            continue
        if part.number == _NAME:
            name = part.text(stream)
        elif part.number == DATA_TYPE:
            data_type = part.value
        elif part.number == _DIMS:
            packed = part.content(stream) if part.is_message else None
            shape += [part.value] if packed is None else protobuf.packed_integers(packed)
        if part.number not in (DATA_TYPE, _DATA_LOCATION):
            kept.append(part.encoded(stream))
    if external:
        location = Path(external["location"])
        if location.name != str(location):
            raise ValueError(f"weights outside of its folder: {location}")
        raw = (file.parent / location, int(external.get("offset", 0)), int(external["length"]))
    described = name, tuple(shape), data_type, b"".join(kept)
    if raw is None and numbers is not None and data_type in (UINT8, INT8):
        inline = bytes(value & 255 for value in protobuf.packed_integers(numbers.content(stream)))
        return Initializer(*described, file, 0, 0, inline)
    return None if raw is None else Initializer(*described, *raw)


def read_node(stream: BinaryIO, item: Field) -> Node:
    """A node without its attributes."""
    texts: dict[int, list[str]] = {
        number: [] for number in (_NODE_INPUT, _NODE_OUTPUT, _NODE_NAME, _NODE_OP)
    }
    for part in protobuf.fields(stream, item.start, item.end):
        if part.number in texts:
            texts[part.number].append(part.text(stream))
    return Node(
        "".join(texts[_NODE_OP]),
        "".join(texts[_NODE_NAME]),
        tuple(texts[_NODE_INPUT]),
        tuple(texts[_NODE_OUTPUT]),
    )


def read_graph(file: Path) -> tuple[list[Node], dict[str, Initializer]]:
    """A file's nodes, and its initializers by name.

    Raises:
        ServiceError: `model-invalid`: it is not an ONNX file, or damaged.
    """
    nodes: list[Node] = []
    weights: dict[str, Initializer] = {}
    try:
        with file.open("rb") as stream:
            for item in _graph_items(file, stream):
                if item.number == NODE:
                    nodes.append(read_node(stream, item))
                elif item.number == INITIALIZER:
                    weight = read_initializer(file, stream, item)
                    if weight is not None:
                        weights[weight.name] = weight
    except (OSError, ValueError, IndexError) as error:
        raise ServiceError(ErrorCode.MODEL_INVALID, f"{file} cannot be read: {error}") from None
    return nodes, weights


def _graph_items(file: Path, stream: BinaryIO) -> Iterator[Field]:
    for part in protobuf.fields(stream, 0, os.path.getsize(file)):
        if part.number == GRAPH:
            yield from protobuf.fields(stream, part.start, part.end)
