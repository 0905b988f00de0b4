"""The HiFi-GAN decoder as a graph that streams: a chunk and states in, samples and states out.

Each layer keeps the little that its later outputs need of its earlier input, so that the chunks'
samples, joined, are what one run over the whole sentence gives, and nothing is computed twice.

Signals are pictures one row high, [1, channels, 1, steps]: for convolutions over pictures ONNX
Runtime has kernels that read the signal where it lies, while for those over lines it copies each
neighborhood before it multiplies. That takes a fifth of the decoder's time.
"""

import numpy as np

from wyoming_melotts.synthesis.acoustic.config import AcousticConfig
from wyoming_melotts.synthesis.acoustic.decoder_shape import (
    LAST_SLOPE,
    OUTER_KERNEL_SIZE,
    SLOPE,
    block_reach,
    blocks,
    stages,
)
from wyoming_melotts.synthesis.acoustic.onnx.layers import Layers
from wyoming_melotts.synthesis.acoustic.weights import Weights
from wyoming_serving.models.onnx_graphs import Graph

STATE = "state_"
"""Begins the names of inputs that are states."""

NEXT = "next_"
"""Comes before a state's name in the output that is its value for the next chunk."""


def build_decoder(graph: Graph, config: AcousticConfig, weights: Weights) -> None:
    """The decoder.

    Inputs: `latent` [frames, inter], `speaker`, `is_first` and `is_last` (int64 [1],
    0 or 1), and states [1, channels, 1, steps], of no steps at first. Outputs: `samples` [samples]
    that the chunk completes, and the states for the next chunk. The first chunk must be the last,
    too, or hold at least `context_frames`.
    """
    _Builder(graph, config, weights).build()


class _Builder:
    """Adds the decoder's layers to a graph."""

    def __init__(self, graph: Graph, config: AcousticConfig, weights: Weights) -> None:
        self.graph = graph
        self._n_states = 0
        self._config = config
        self._weights = weights
        self._zero = self.graph.constant(np.zeros((1, 1, 1, 1)))
        self._is_first = self.graph.input("is_first", np.int64, [1])
        self._is_last = self.graph.input("is_last", np.int64, [1])
        self._first_shape, self._last_shape = (
            self.graph.add("Concat", self.graph.ints(1, 1, 1), flag, axis=0)
            for flag in (self._is_first, self._is_last)
        )
        self._start, self._axis = self.graph.ints(0), self.graph.ints(3)
        self._end = self.graph.ints(np.iinfo(np.int64).max)

    def build(self) -> None:
        graph, config = self.graph, self._config
        width = config.upsample_initial_channel
        latent = graph.input("latent", np.float32, ["frames", config.inter_channels])
        latent = graph.add("Unsqueeze", latent, graph.ints(0, 1))
        latent = graph.add("Transpose", latent, perm=[0, 3, 1, 2])
        speaker = Layers(graph, self._weights).speaker(config.n_speakers, config.gin_channels)
        speaker = graph.add("Unsqueeze", speaker, graph.ints(2, 3))
        x = self._conv(latent, "dec.conv_pre", config.inter_channels, width, OUTER_KERNEL_SIZE)
        condition = graph.add(
            "Conv", speaker, *self._kernel("dec.cond", width, config.gin_channels, 1)
        )
        x = graph.add("Add", x, condition)
        per_stage = len(blocks(config))
        for index, (rate, kernel_size) in enumerate(stages(config)):
            x = self._leaky(x, SLOPE)
            x = self._upsample(x, f"dec.ups.{index}", width, rate, kernel_size)
            width //= 2
            parts = [
                self._residual_block(
                    x, f"dec.resblocks.{index * per_stage + number}", width, *shape
                )
                for number, shape in enumerate(blocks(config))
            ]
            latest = parts.pop(self._slowest_block())
            total = self._sum(latest, parts, width)
            x = graph.add("Mul", total, graph.constant(1 / per_stage))
        x = self._leaky(x, LAST_SLOPE)
        x = self._conv(x, "dec.conv_post", width, 1, OUTER_KERNEL_SIZE, bias=False)
        samples = graph.add("Reshape", graph.add("Tanh", x), graph.ints(-1))
        graph.output("samples", samples, np.float32, ["samples"])

    def _slowest_block(self) -> int:
        """The block of a stage that sees farthest, whose output comes last."""
        reaches = [block_reach(*shape) for shape in blocks(self._config)]
        return reaches.index(max(reaches))

    def _residual_block(
        self, x: str, name: str, channels: int, kernel_size: int, dilations: tuple[int, ...]
    ) -> str:
        for index, dilation in enumerate(dilations):
            y = self._leaky(x, SLOPE)
            y = self._conv(
                y, f"{name}.convs1.{index}", channels, channels, kernel_size, dilation=dilation
            )
            y = self._leaky(y, SLOPE)
            y = self._conv(y, f"{name}.convs2.{index}", channels, channels, kernel_size)
            x = self._sum(y, [x], channels)
        return x

    def _conv(
        self,
        x: str,
        name: str,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        *,
        dilation: int = 1,
        bias: bool = True,
    ) -> str:
        """A convolution whose zero padding keeps the signal's length."""
        padding = dilation * (kernel_size // 2)
        x = self._with_history(x, in_channels, 2 * padding, padding, padding)
        kernel = self._kernel(name, out_channels, in_channels, kernel_size, bias=bias)
        return self.graph.add("Conv", x, *kernel, dilations=[1, dilation])

    def _upsample(self, x: str, name: str, channels: int, rate: int, kernel_size: int) -> str:
        """A transposed convolution of kernel k and rate u, padded by (k - u) / 2.

        Each input step gives `rate` outputs that depend on it and the few steps before it, so it
        is a plain convolution to `rate` times the channels, which are then put side by side.
        """
        graph, out_channels = self.graph, channels // 2
        padding = (kernel_size - rate) // 2
        taps = -(-kernel_size // rate)
        length = graph.add("Shape", x, start=3, end=4)
        if taps > 1:
            x = self._with_history(x, channels, taps - 1, taps - 1, -(-padding // rate))
        kernel = self._weights.take(f"{name}.weight", channels, out_channels, kernel_size)
        kernel = np.pad(kernel, ((0, 0), (0, 0), (0, taps * rate - kernel_size)))
        kernel = kernel.reshape(channels, out_channels, taps, rate)[:, :, ::-1]
        kernel = kernel.transpose(1, 3, 0, 2).reshape(out_channels * rate, channels, taps)
        bias = np.repeat(self._weights.take(f"{name}.bias", out_channels), rate)
        x = graph.add("Conv", x, graph.weight(kernel[:, :, None]), graph.weight(bias))
        x = graph.add("Reshape", x, graph.ints(1, out_channels, rate, -1))
        x = graph.add("Transpose", x, perm=[0, 1, 3, 2])
        x = graph.add("Reshape", x, graph.ints(1, out_channels, 1, -1))
        if not padding:
            return x
        start = graph.add("Mul", self._is_first, graph.ints(padding))
        end = graph.add(
            "Add",
            graph.add("Mul", length, graph.ints(rate)),
            graph.add("Mul", self._is_last, graph.ints(padding)),
        )
        return graph.add("Slice", x, start, end, self._axis)

    def _sum(self, latest: str, others: list[str], channels: int) -> str:
        """Add signals, of which none arrives after `latest`."""
        graph = self.graph
        arrived = graph.add("Shape", latest, start=3, end=4)
        total = latest
        for other in others:
            waiting = self._state(channels)
            joined = graph.add("Concat", waiting, other, axis=3)
            self._keep(
                waiting, channels, graph.add("Slice", joined, arrived, self._end, self._axis)
            )
            ready = graph.add("Slice", joined, self._start, arrived, self._axis)
            total = graph.add("Add", total, ready)
        return total

    def _leaky(self, x: str, slope: float) -> str:
        return self.graph.add("LeakyRelu", x, alpha=slope)

    def _kernel(self, name: str, *shape: int, bias: bool = True) -> list[str]:
        weight = f"{name}.weight"
        kernel = [self.graph.weight(self._weights.take(weight, *shape)[:, :, None])]
        if bias:
            kernel.append(self.graph.weight(self._weights.take(f"{name}.bias", shape[0])))
        return kernel

    def _with_history(self, x: str, channels: int, kept: int, before: int, after: int) -> str:
        """The signal behind its last `kept` steps, which are kept for the next chunk.

        Silence stands `before` the first chunk, and `after` the last.
        """
        state = self._state(channels)
        silence_before = self._silence(self._first_shape, channels, before)
        silence_after = self._silence(self._last_shape, channels, after)
        x = self.graph.add("Concat", silence_before, state, x, silence_after, axis=3)
        start = self.graph.ints(-kept)
        self._keep(state, channels, self.graph.add("Slice", x, start, self._end, self._axis))
        return x

    def _state(self, channels: int) -> str:
        name = f"{STATE}{self._n_states}"
        self._n_states += 1
        return self.graph.input(name, np.float32, [1, channels, 1, f"steps_of_{name}"])

    def _keep(self, state: str, channels: int, value: str) -> None:
        name = NEXT + state
        self.graph.output(name, value, np.float32, [1, channels, 1, f"steps_of_{name}"])

    def _silence(self, flag_shape: str, channels: int, steps: int) -> str:
        """[1, channels, 1, steps] if the flag of `flag_shape` [1, 1, 1, flag] is 1, else empty."""
        shape = self.graph.add("Mul", flag_shape, self.graph.ints(1, channels, 1, steps))
        return self.graph.add("Expand", self._zero, shape)
