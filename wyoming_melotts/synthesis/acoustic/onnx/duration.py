"""How long each token lasts: a deterministic and a stochastic predictor of log durations."""

import math

from wyoming_melotts.synthesis.acoustic.fixed_sizes import (
    DURATION_CHANNELS,
    SPLINE_BINS,
    STOCHASTIC_FLOWS,
    TAIL_BOUND,
)
from wyoming_melotts.synthesis.acoustic.onnx.layers import Layers
from wyoming_melotts.synthesis.acoustic.onnx.spline import inverse_spline

_KERNEL_SIZE = 3
_SEPARABLE_LAYERS = 3


def deterministic_durations(
    layers: Layers, hidden: str, speaker: str, channels: int, speaker_channels: int
) -> str:
    """[tokens, channels] and speaker [1, speaker channels] to log durations [tokens, 1]."""
    x = layers.graph.add(
        "Add", hidden, layers.project(speaker, "dp.cond", channels, speaker_channels)
    )
    for index in (1, 2):
        x = layers.convolve(x, f"dp.conv_{index}", DURATION_CHANNELS, channels, _KERNEL_SIZE)
        x = layers.norm(layers.graph.add("Relu", x), f"dp.norm_{index}", DURATION_CHANNELS)
        channels = DURATION_CHANNELS
    return layers.project(x, "dp.proj", 1, DURATION_CHANNELS)


class StochasticDurations:
    """Turns noise into log durations by a normalizing flow (Kim, Kong and Son 2021)."""

    def __init__(self, layers: Layers, channels: int, speaker_channels: int) -> None:
        self._layers = layers
        self._graph = layers.graph
        self._channels = channels
        self._speaker_channels = speaker_channels

    def build(self, hidden: str, speaker: str, noise: str) -> str:
        """[tokens, channels], speaker [1, speaker channels] and noise [tokens, 2] to log durations
        [tokens, 1]."""
        graph, layers, channels = self._graph, self._layers, self._channels
        condition = graph.add(
            "Add",
            layers.project(hidden, "sdp.pre", channels, channels),
            layers.project(speaker, "sdp.cond", channels, self._speaker_channels),
        )
        condition = self._separable(condition, "sdp.convs")
        condition = layers.project(condition, "sdp.proj", channels, channels)
        swap = graph.ints(1, 0)
        z = noise
        for index in STOCHASTIC_FLOWS:
            z = graph.add("Gather", z, swap, axis=1)
            z = self._couple(z, condition, f"sdp.flows.{index}")
        # the last of the flows, y = m + exp(logs) * x on both channels, inverted; one is used
        first = layers.part(z, 1, 2)
        mean, log_scale = (
            graph.add(
                "Slice", layers.take(f"sdp.flows.0.{name}", 2, 1), *map(graph.ints, (0, 1, 0))
            )
            for name in ("m", "logs")
        )
        scale = graph.add("Exp", graph.add("Neg", log_scale))
        return graph.add("Mul", graph.add("Sub", first, mean), scale)

    def _couple(self, z: str, condition: str, name: str) -> str:
        """The first channel chooses a spline that bends the second."""
        graph, layers, channels = self._graph, self._layers, self._channels
        kept, bent = layers.part(z, 0, 1), layers.part(z, 1, 2)
        hidden = layers.project(kept, f"{name}.pre", channels, 1)
        hidden = self._separable(graph.add("Add", hidden, condition), f"{name}.convs")
        parts = layers.project(hidden, f"{name}.proj", 3 * SPLINE_BINS - 1, channels)
        scale = graph.constant(1 / math.sqrt(channels))
        widths = graph.add("Mul", layers.part(parts, 0, SPLINE_BINS), scale)
        heights = graph.add("Mul", layers.part(parts, SPLINE_BINS, 2 * SPLINE_BINS), scale)
        slopes = layers.part(parts, 2 * SPLINE_BINS, 3 * SPLINE_BINS - 1)
        bound = graph.constant(TAIL_BOUND)
        inside = graph.add("Clip", bent, graph.constant(-TAIL_BOUND), bound)
        unbent = inverse_spline(layers, inside, widths, heights, slopes)
        within = graph.add("LessOrEqual", graph.add("Abs", bent), bound)
        return graph.add("Concat", kept, graph.add("Where", within, unbent, bent), axis=1)

    def _separable(self, x: str, name: str) -> str:
        """Dilated, depth-wise separable convolutions with residual connections."""
        graph, layers, channels = self._graph, self._layers, self._channels
        for index in range(_SEPARABLE_LAYERS):
            y = layers.convolve_each(
                x, f"{name}.convs_sep.{index}", channels, _KERNEL_SIZE, _KERNEL_SIZE**index
            )
            y = layers.gelu(layers.norm(y, f"{name}.norms_1.{index}", channels))
            y = layers.project(y, f"{name}.convs_1x1.{index}", channels, channels)
            y = layers.gelu(layers.norm(y, f"{name}.norms_2.{index}", channels))
            x = graph.add("Add", x, y)
        return x
