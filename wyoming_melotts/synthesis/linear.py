"""Linear layers in graphs, with weights of 32-bit floats or 8-bit integers."""

from wyoming_melotts.synthesis.arrays import Floats
from wyoming_serving.models.int8_weights import quantize
from wyoming_serving.models.onnx_graphs import MICROSOFT, Graph


def linear(graph: Graph, x: str, matrix: Floats, bias: Floats, largest: int | None = None) -> str:
    """Multiply [steps, in] by `matrix` [in, out] and add `bias` [out].

    `largest` is the `largest_pair` of 8-bit weights; None keeps floats.
    """
    if largest is None:
        product = graph.add("MatMul", x, graph.weight(matrix))
        return graph.add("Add", product, graph.weight(bias))
    integers, scale = quantize(matrix, largest)
    quantized = (graph.weight(integers), graph.weight(scale), "", graph.weight(bias))
    return graph.add("DynamicQuantizeMatMul", x, *quantized, domain=MICROSOFT)


def linear_of_integers(
    graph: Graph, x: tuple[str, str, str], matrix: Floats, bias: Floats, largest: int
) -> str:
    """The same with 8-bit weights of a signal that is 8 bits already: integers [steps, in], their
    scale and their zero, as `DynamicQuantizeLinear` returns them."""
    signal, scale, zero = x
    integers, scales = quantize(matrix, largest)
    weights, weight_scales = graph.weight(integers), graph.weight(scales)
    return graph.add(
        "MatMulIntegerToFloat",
        *(signal, weights, scale, weight_scales, zero, "", graph.weight(bias)),
        domain=MICROSOFT,
    )
