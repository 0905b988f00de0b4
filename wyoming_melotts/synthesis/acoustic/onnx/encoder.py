"""Transformer encoder with windowed relative positions, as VITS2's text encoder and flow use it."""

import math
from dataclasses import dataclass

from wyoming_melotts.synthesis.acoustic.fixed_sizes import CONDITIONED_LAYER, WINDOW
from wyoming_melotts.synthesis.acoustic.onnx.layers import Layers


@dataclass(frozen=True)
class EncoderShape:
    """Sizes of an encoder."""

    channels: int
    filter_channels: int
    n_heads: int
    n_layers: int
    kernel_size: int
    speaker_channels: int
    largest: int | None = None
    """Of the integers in the feed-forward layers' weights, as `linear` takes it."""


class Encoder:
    """Adds attention and feed-forward layers, normalized after each, conditioned on the speaker."""

    def __init__(self, layers: Layers, name: str, shape: EncoderShape) -> None:
        self._layers = layers
        self._graph = layers.graph
        self._name = name
        self._shape = shape

    def build(self, x: str, speaker: str) -> str:
        """[steps, channels] and speaker [1, speaker channels, 1] to [steps, channels]."""
        shape, layers, graph = self._shape, self._layers, self._graph
        condition = self._condition(speaker)
        for index in range(shape.n_layers):
            if index == CONDITIONED_LAYER:
                x = graph.add("Add", x, condition)
            mixed = self._attention(x, f"{self._name}.attn_layers.{index}")
            x = layers.norm(
                graph.add("Add", x, mixed), f"{self._name}.norm_layers_1.{index}", shape.channels
            )
            widened = self._feed_forward(x, f"{self._name}.ffn_layers.{index}")
            x = layers.norm(
                graph.add("Add", x, widened), f"{self._name}.norm_layers_2.{index}", shape.channels
            )
        return x

    def _condition(self, speaker: str) -> str:
        shape, name = self._shape, f"{self._name}.spk_emb_linear"
        kernel = self._layers.take(f"{name}.weight", shape.channels, shape.speaker_channels)
        bias = self._layers.take(f"{name}.bias", shape.channels)
        return self._graph.add("Gemm", speaker, kernel, bias, transB=1)

    def _feed_forward(self, x: str, name: str) -> str:
        """Two convolutions with a ReLU between."""
        shape, layers = self._shape, self._layers
        x = layers.convolve(
            x,
            f"{name}.conv_1",
            shape.filter_channels,
            shape.channels,
            shape.kernel_size,
            shape.largest,
        )
        x = self._graph.add("Relu", x)
        return layers.convolve(
            x,
            f"{name}.conv_2",
            shape.channels,
            shape.filter_channels,
            shape.kernel_size,
            shape.largest,
        )

    def _attention(self, x: str, name: str) -> str:
        """Self-attention with learnt keys and values for near positions (Shaw et al. 2018)."""
        graph, layers, shape = self._graph, self._layers, self._shape
        head_channels = shape.channels // shape.n_heads
        steps = graph.add("Shape", x, start=0, end=1)
        projections = layers.project_together(
            x,
            [f"{name}.conv_{letter}" for letter in "qkv"],
            shape.channels,
            [1 / math.sqrt(head_channels), 1, 1],
        )
        projections = graph.add(
            "Reshape", projections, graph.ints(-1, 3 * shape.n_heads, head_channels)
        )
        heads = graph.add("Transpose", projections, perm=[1, 0, 2])
        query, key, value = graph.split("Split", heads, axis=0, outputs=3)
        near_keys = self._near(f"{name}.emb_rel_k", head_channels)
        near_values = self._near(f"{name}.emb_rel_v", head_channels)

        scores = graph.add("MatMul", query, graph.add("Transpose", key, perm=[0, 2, 1]))
        near_scores = graph.add("MatMul", query, graph.add("Transpose", near_keys, perm=[0, 2, 1]))
        scores = graph.add("Add", scores, self._spread(near_scores, steps))
        weights = graph.add("Softmax", scores, axis=-1)
        mixed = graph.add(
            "Add",
            graph.add("MatMul", weights, value),
            graph.add("MatMul", self._band(weights, steps), near_values),
        )
        mixed = graph.add("Transpose", mixed, perm=[1, 0, 2])
        mixed = graph.add("Reshape", mixed, graph.ints(-1, shape.channels))
        return layers.project(mixed, f"{name}.conv_o", shape.channels, shape.channels)

    def _near(self, name: str, head_channels: int) -> str:
        return self._layers.take(name, 1, 2 * WINDOW + 1, head_channels)

    def _spread(self, near: str, steps: str) -> str:
        """[heads, steps, 2 * WINDOW + 1], entry (i, r) for the pair of steps i and i + r - WINDOW,
        to [heads, steps, steps], zero elsewhere.

        With rows padded to a width of steps + 2 * WINDOW + 1, entry (i, r) is number
        i * (steps + 2 * WINDOW) + i + r in memory: as rows of steps + 2 * WINDOW, it is in
        column i + r of row i.
        """
        graph = self._graph
        zero, width = graph.ints(0), self._padded(steps)
        n_heads = graph.ints(self._shape.n_heads)
        right = graph.add("Concat", graph.ints(0, 0, 0, 0, 0), steps, axis=0)
        padded = graph.add("Pad", near, right)
        flat = graph.add("Reshape", padded, graph.add("Concat", n_heads, graph.ints(-1), axis=0))
        size = graph.add("Mul", steps, width)
        flat = graph.add("Slice", flat, zero, size, graph.ints(1))
        square = graph.add(
            "Reshape", flat, graph.add("Concat", n_heads, steps, graph.ints(-1), axis=0)
        )
        end = graph.add("Add", steps, graph.ints(WINDOW))
        return graph.add("Slice", square, graph.ints(WINDOW), end, graph.ints(2))

    def _band(self, weights: str, steps: str) -> str:
        """The reverse: the diagonals near the main one."""
        graph = self._graph
        n_heads = graph.ints(self._shape.n_heads)
        padded = graph.add("Pad", weights, graph.ints(0, 0, WINDOW, 0, 0, WINDOW))
        flat = graph.add("Reshape", padded, graph.add("Concat", n_heads, graph.ints(-1), axis=0))
        right = graph.add("Concat", graph.ints(0, 0, 0), steps, axis=0)
        flat = graph.add("Pad", flat, right)
        skewed = graph.add(
            "Reshape", flat, graph.add("Concat", n_heads, steps, graph.ints(-1), axis=0)
        )
        return graph.add("Slice", skewed, graph.ints(0), graph.ints(2 * WINDOW + 1), graph.ints(2))

    def _padded(self, steps: str) -> str:
        return self._graph.add("Add", steps, self._graph.ints(2 * WINDOW))
