"""Monotonic rational-quadratic splines, inverted (Durkan et al. 2019, Neural Spline Flows)."""

from wyoming_melotts.synthesis.acoustic.fixed_sizes import (
    EDGE_LOGIT,
    LEAST_BIN,
    LEAST_SLOPE,
    SPLINE_BINS,
    TAIL_BOUND,
)
from wyoming_melotts.synthesis.acoustic.onnx.layers import Layers
from wyoming_serving.models.onnx_graphs import Graph

Bin = tuple[str, str]
"""A value at the left and the right knot of each token's bin."""


def inverse_spline(layers: Layers, y: str, widths: str, heights: str, slopes: str) -> str:
    """Find x with spline(x) = y.

    `y` is [tokens, 1] within the span, `widths` and `heights` are [tokens, bins], unnormalized,
    `slopes` is [tokens, bins - 1] at the inner knots, before softplus; gives [tokens, 1].
    """
    graph = layers.graph
    op = graph.add
    knots_x, knots_y = _knots(layers, widths), _knots(layers, heights)
    edges = op("Pad", slopes, graph.ints(0, 1, 0, 1), graph.constant(EDGE_LOGIT))
    slope = op("Add", op("Softplus", edges), graph.constant(LEAST_SLOPE))
    passed = op("GreaterOrEqual", y, layers.part(knots_y, 1, SPLINE_BINS))
    counts = op("Where", passed, graph.ints(1), graph.ints(0))
    index = op("ReduceSum", counts, graph.ints(1), keepdims=1)
    left_x, right_x = _bin(graph, knots_x, index)
    left_y, right_y = _bin(graph, knots_y, index)
    left_slope, right_slope = _bin(graph, slope, index)
    width, height = op("Sub", right_x, left_x), op("Sub", right_y, left_y)
    mean_slope = op("Div", height, width)
    rise = op("Sub", y, left_y)
    # equation 29 to 32 of the paper; the root below is stable where a is near zero
    curvature = op(
        "Sub", op("Add", left_slope, right_slope), op("Mul", mean_slope, graph.constant(2))
    )
    bend = op("Mul", rise, curvature)
    a = op("Add", bend, op("Mul", height, op("Sub", mean_slope, left_slope)))
    b = op("Sub", op("Mul", height, left_slope), bend)
    c = op("Neg", op("Mul", mean_slope, rise))
    ac4 = op("Mul", op("Mul", a, c), graph.constant(4))
    discriminant = op("Relu", op("Sub", op("Mul", b, b), ac4))
    denominator = op("Neg", op("Add", b, op("Sqrt", discriminant)))
    root = op("Div", op("Mul", c, graph.constant(2)), denominator)
    return op("Add", op("Mul", root, width), left_x)


def _bin(graph: Graph, values: str, index: str) -> Bin:
    following = graph.add("Add", index, graph.ints(1))
    left = graph.add("GatherElements", values, index, axis=1)
    return left, graph.add("GatherElements", values, following, axis=1)


def _knots(layers: Layers, sizes: str) -> str:
    """Unnormalized bin sizes [tokens, bins] to knot positions [tokens, bins + 1] over the span."""
    graph = layers.graph
    shares = graph.add("Softmax", sizes, axis=-1)
    shares = graph.add("Mul", shares, graph.constant(1 - LEAST_BIN * SPLINE_BINS))
    shares = graph.add("Add", shares, graph.constant(LEAST_BIN))
    sums = graph.add("CumSum", shares, graph.constant(1, "int64"))
    inner = graph.add("Mul", layers.part(sums, 0, SPLINE_BINS - 1), graph.constant(2 * TAIL_BOUND))
    inner = graph.add("Sub", inner, graph.constant(TAIL_BOUND))
    with_left = graph.add("Pad", inner, graph.ints(0, 1, 0, 0), graph.constant(-TAIL_BOUND))
    return graph.add("Pad", with_left, graph.ints(0, 0, 0, 1), graph.constant(TAIL_BOUND))
