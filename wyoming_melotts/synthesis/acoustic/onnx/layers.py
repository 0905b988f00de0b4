"""Layers of the acoustic model as graph nodes.

Signals are [steps, channels], so that every projection is one multiplication of matrices and a
norm runs along memory. Names of weights are those in the published checkpoints.
"""

import numpy as np

from wyoming_melotts.synthesis.acoustic.weights import Weights
from wyoming_melotts.synthesis.arrays import Floats
from wyoming_melotts.synthesis.linear import linear, linear_of_integers
from wyoming_serving.models.onnx_graphs import MICROSOFT, Graph

NORM_EPSILON = 1e-5
"""Of layer norms: torch's default."""


class Layers:
    """Adds layers with their weights to a graph."""

    def __init__(self, graph: Graph, weights: Weights) -> None:
        self.graph = graph
        self._weights = weights

    def take(self, name: str, *shape: int) -> str:
        """A weight as the checkpoint has it."""
        return self.graph.weight(self._weights.take(name, *shape))

    def speaker(self, n_speakers: int, channels: int) -> str:
        """The input `speaker` (int64 [1]) looked up: [1, channels]."""
        table = self.take("emb_g.weight", n_speakers, channels)
        return self.graph.add("Gather", table, self.graph.input("speaker", np.int64, [1]))

    def matrix(self, name: str, out_channels: int, in_channels: int) -> Floats:
        """The kernel of a convolution of width 1 as [in, out]."""
        return self._weights.take(f"{name}.weight", out_channels, in_channels, 1)[..., 0].T

    def project(self, x: str, name: str, out_channels: int, in_channels: int) -> str:
        """A convolution of width 1."""
        bias = self._weights.take(f"{name}.bias", out_channels)
        return linear(self.graph, x, self.matrix(name, out_channels, in_channels), bias)

    def project_together(self, x: str, names: list[str], channels: int, scales: list[float]) -> str:
        """Several square projections of one signal, each scaled, side by side."""
        pairs = list(zip(names, scales, strict=True))
        kernels = [self.matrix(name, channels, channels) * scale for name, scale in pairs]
        biases = [self._weights.take(f"{name}.bias", channels) * scale for name, scale in pairs]
        return linear(self.graph, x, np.concatenate(kernels, axis=1), np.concatenate(biases))

    def convolve(
        self,
        x: str,
        name: str,
        out_channels: int,
        in_channels: int,
        kernel_size: int,
        largest: int | None = None,
    ) -> str:
        """A convolution whose zero padding keeps the length, as one multiplication.

        Each step's neighborhood is laid out as a row. `largest` is as `linear` takes it.
        """
        kernel = self._weights.take(f"{name}.weight", out_channels, in_channels, kernel_size)
        rows = kernel.transpose(2, 1, 0).reshape(kernel_size * in_channels, out_channels)
        bias = self._weights.take(f"{name}.bias", out_channels)
        if largest is None:
            return linear(self.graph, self._neighbors(x, kernel_size), rows, bias)
        # integers before they are laid out: a fifth of the rounding, a quarter of the copying
        integers, scale, zero = self.graph.split("DynamicQuantizeLinear", x, outputs=3)
        neighbors = self._neighbors(integers, kernel_size, zero)
        return linear_of_integers(self.graph, (neighbors, scale, zero), rows, bias, largest)

    def _neighbors(self, x: str, kernel_size: int, zero: str = "") -> str:
        """[steps, channels] to [steps, kernel_size * channels]: the signal as each tap sees it."""
        shifted = self.shifted(x, kernel_size, dilation=1, zero=zero)
        return self.graph.add("Concat", *shifted, axis=1)

    def convolve_each(
        self, x: str, name: str, channels: int, kernel_size: int, dilation: int
    ) -> str:
        """A depth-wise convolution whose zero padding keeps the length."""
        kernel = self._weights.take(f"{name}.weight", channels, 1, kernel_size)
        total = self.take(f"{name}.bias", channels)
        for index, shifted in enumerate(self.shifted(x, kernel_size, dilation)):
            tap = self.graph.weight(kernel[:, 0, index])
            total = self.graph.add("Add", self.graph.add("Mul", shifted, tap), total)
        return total

    def shifted(self, x: str, kernel_size: int, dilation: int, zero: str = "") -> list[str]:
        """The signal as each tap of a kernel sees it, with `zero` (or 0) beyond its ends."""
        graph = self.graph
        padding = dilation * (kernel_size // 2)
        steps = graph.add("Shape", x, start=0, end=1)
        padded = graph.add("Pad", x, graph.ints(padding, 0, padding, 0), zero)
        starts = [graph.ints(index * dilation) for index in range(kernel_size)]
        return [
            graph.add("Slice", padded, start, graph.add("Add", start, steps), graph.ints(0))
            for start in starts
        ]

    def norm(self, x: str, name: str, channels: int) -> str:
        """Layer normalization over the channels."""
        gamma, beta = self.take(f"{name}.gamma", channels), self.take(f"{name}.beta", channels)
        return self.graph.add("LayerNormalization", x, gamma, beta, epsilon=NORM_EPSILON)

    def gelu(self, x: str) -> str:
        """The exact Gaussian error linear unit."""
        return self.graph.add("Gelu", x, domain=MICROSOFT)

    def part(self, x: str, start: int, end: int) -> str:
        """Channels from `start` up to `end`."""
        graph = self.graph
        return graph.add("Slice", x, graph.ints(start), graph.ints(end), graph.ints(1))
