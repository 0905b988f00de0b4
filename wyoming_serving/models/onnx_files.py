"""Published ONNX files made ready to run: weights in a file of their own, in the form that is fast.

A graph in one file would be held twice while it is read. And weights as unsigned integers, which
`quantize_dynamic` of ONNX Runtime writes by default, take twice the time of signed ones on CPUs
with VNNI: q - z is the same as (q - 128) - (z - 128), so that they are exchanged without any loss.

The file is read piece by piece, by the field numbers of `onnx/onnx.proto`.
"""

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.models import protobuf
from wyoming_serving.models.protobuf import Field
from wyoming_serving.onnx_reader import (
    DATA_TYPE,
    GRAPH,
    INITIALIZER,
    INT8,
    NODE,
    RAW_DATA,
    UINT8,
    Initializer,
    Node,
    read_initializer,
    read_node,
)

_OUTPUT = 12
_ALIGNMENT = 4096
_SMALL_BYTES = 1024

_ZERO_POINT = {"MatMulInteger": 3, "DynamicQuantizeMatMul": 3, "MatMulIntegerToFloat": 5}
"""Operators with weights as integers (input 1), and which input their zero point is."""


@dataclass
class _Contents:
    """A graph taken apart; `rest` is what stays as it is."""

    header: list[bytes] = field(default_factory=list)
    rest: list[bytes] = field(default_factory=list)
    outputs: list[bytes] = field(default_factory=list)
    weights: list[Initializer] = field(default_factory=list)
    uses: Counter[str] = field(default_factory=Counter)
    signed: Counter[str] = field(default_factory=Counter)
    """How often a name is used at all, and where a signed integer would do as well."""


def unpack(
    file: Path, graph: Path, weights: Path, *, signed: bool, log_softmax_of: str | None = None
) -> None:
    """Write `file` as a graph and its weights beside it.

    Args:
        signed: Exchange unsigned integers for signed ones.
        log_softmax_of: An output that is replaced by its logarithmic softmax, `log_probs`.

    Raises:
        ServiceError: `model-invalid`: it is not an ONNX file, or damaged.
    """
    try:
        with file.open("rb") as stream:
            contents = _take_apart(file, stream)
    except (OSError, ValueError, IndexError) as error:
        raise ServiceError(ErrorCode.MODEL_INVALID, f"{file} cannot be read: {error}") from None
    names = {n for n, count in contents.signed.items() if signed and count == contents.uses[n]}
    with weights.open("wb") as target:
        initializers = [_placed(one, target, one.name in names) for one in contents.weights]
    if log_softmax_of is not None:
        _add_log_softmax(contents, log_softmax_of)
    parts = [
        *contents.rest,
        *(protobuf.bytes_field(INITIALIZER, one) for one in initializers),
        *(protobuf.bytes_field(_OUTPUT, one) for one in contents.outputs),
    ]
    graph.write_bytes(b"".join(contents.header) + protobuf.bytes_field(GRAPH, b"".join(parts)))


def _take_apart(file: Path, stream: BinaryIO) -> _Contents:
    contents = _Contents()
    found_graph = False
    for part in protobuf.fields(stream, 0, os.path.getsize(file)):
        if part.number != GRAPH:
            contents.header.append(part.encoded(stream))
            continue
        found_graph = True
        for item in protobuf.fields(stream, part.start, part.end):
            _take_item(file, stream, item, contents)
    if not found_graph or not contents.outputs:
        raise ValueError("it holds no graph")
    return contents


def _take_item(file: Path, stream: BinaryIO, item: Field, contents: _Contents) -> None:
    if item.number == _OUTPUT:
        contents.outputs.append(item.content(stream))
        return
    if item.number == INITIALIZER:
        weight = read_initializer(file, stream, item)
        if weight is not None:
            contents.weights.append(weight)
            return
    if item.number == NODE:
        _count_uses(read_node(stream, item), contents)
    contents.rest.append(item.encoded(stream))


def _count_uses(node: Node, contents: _Contents) -> None:
    contents.uses.update(node.inputs)
    zero_point = _ZERO_POINT.get(node.op)
    if zero_point is not None and len(node.inputs) > zero_point:
        contents.signed.update((node.inputs[1], node.inputs[zero_point]))


def _placed(weight: Initializer, target: BinaryIO, signed: bool) -> bytes:
    """Write a weight's values; gives its description with their place."""
    data_type, values = weight.data_type, weight.values()
    if signed and data_type == UINT8:
        data_type = INT8
        values = (np.frombuffer(values, np.uint8) ^ 128).tobytes()
    described = weight.description + protobuf.integer_field(DATA_TYPE, data_type)
    if len(values) < _SMALL_BYTES:
        return described + protobuf.bytes_field(RAW_DATA, values)
    target.write(b"\0" * (-target.tell() % _ALIGNMENT))
    place = protobuf.external_data(Path(target.name).name, target.tell(), len(values))
    target.write(values)
    return described + place


def _add_log_softmax(contents: _Contents, output: str) -> None:
    """A node behind the graph's last one, and its result as the only output."""
    node = (
        protobuf.text_field(1, output)
        + protobuf.text_field(2, "log_probs")
        + protobuf.text_field(4, "LogSoftmax")
        + protobuf.bytes_field(5, protobuf.text_field(1, "axis") + protobuf.integer_field(3, -1)
                               + protobuf.integer_field(20, 2))
    )  # fmt: skip
    contents.rest.append(protobuf.bytes_field(NODE, node))
    tensor = protobuf.bytes_field(1, protobuf.integer_field(1, 1))
    contents.outputs = [protobuf.text_field(1, "log_probs") + protobuf.bytes_field(2, tensor)]
