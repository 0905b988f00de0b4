"""Joins the parts of the packaged Kokoro model and makes its convolutions float32.

ONNX Runtime computes `ConvInteger` far more slowly than `Conv` on a CPU, and the convolutions are
two thirds of the synthesis time, so their weights are multiplied out once.
"""

from collections import defaultdict
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper


def join_parts(parts: list[Path], target: Path) -> None:
    """Concatenates `parts` in order into `target`."""
    with target.open("wb") as joined:
        for part in parts:
            joined.write(part.read_bytes())


def with_float_convolutions(model: onnx.ModelProto) -> onnx.ModelProto:
    """Replaces each quantised convolution by a float one, in place, and returns `model`.

    A quantised convolution is `DynamicQuantizeLinear -> ConvInteger [-> Add bias] -> Cast -> Mul
    scale`, its bias `Cast(Floor(bias / scale))`. The float node takes over the name of the last
    output, which leaves the old chain without a consumer: ONNX Runtime prunes it at load.
    """
    graph = model.graph
    producers = {output: node for node in graph.node for output in node.output}
    consumers = defaultdict(list)
    for node in graph.node:
        for name in node.input:
            consumers[name].append(node)
    constants = {tensor.name: tensor for tensor in graph.initializer}

    replaced: dict[str, onnx.NodeProto] = {}
    weights: list[onnx.TensorProto] = []
    for node in graph.node:
        if node.op_type != "ConvInteger":
            continue
        cast = consumers[node.output[0]][0]
        bias: list[str] = []
        if cast.op_type == "Add":
            bias = [_bias_name(cast, node.output[0], producers)]
            cast = consumers[cast.output[0]][0]
        rescale = consumers[cast.output[0]][0]
        weight = _float_weight(node, rescale, cast.output[0], producers, constants)
        weights.append(weight)
        replaced[rescale.output[0]] = helper.make_node(
            "Conv",
            [producers[node.input[0]].input[0], weight.name, *bias],
            [rescale.output[0]],
            name=node.name + "_float",
        )
        replaced[rescale.output[0]].attribute.extend(node.attribute)

    nodes = [replaced.get(node.output[0], node) for node in graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    graph.initializer.extend(weights)
    return model


def _bias_name(
    add: onnx.NodeProto, convolution: str, producers: dict[str, onnx.NodeProto]
) -> str:
    """The name of the float bias behind Reshape, Cast, Floor and Div."""
    name = next(name for name in add.input if name != convolution)
    for _ in range(4):
        name = producers[name].input[0]
    return name


def _float_weight(
    node: onnx.NodeProto,
    rescale: onnx.NodeProto,
    accumulated: str,
    producers: dict[str, onnx.NodeProto],
    constants: dict[str, onnx.TensorProto],
) -> onnx.TensorProto:
    """(weight - zero point) * scale as a float32 tensor."""
    scale_product = next(name for name in rescale.input if name != accumulated)
    scale_name = next(name for name in producers[scale_product].input if name in constants)
    quantised = numpy_helper.to_array(constants[node.input[1]]).astype(np.float32)
    zero_point = numpy_helper.to_array(constants[node.input[3]]).astype(np.float32)
    scale = numpy_helper.to_array(constants[scale_name]).astype(np.float32)
    per_channel = (-1,) + (1,) * (quantised.ndim - 1)
    weight = (quantised - zero_point.reshape(per_channel)) * scale.reshape(per_channel)
    return numpy_helper.from_array(weight.astype(np.float32), node.input[1] + "_float")
