"""Layers that FunASR's networks are made of, as ONNX nodes with a checkpoint's weights.

Values have the shape [1, rows, channels]: one utterance a run.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.models.int8_weights import has_exact_signed_products, quantize
from wyoming_serving.models.onnx_graphs import MICROSOFT, Dimension, Graph

Float32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.uint8]

ROWS: Dimension = "rows"
"""How many feature vectors an utterance has."""


class Tensor(Protocol):
    """A tensor that lies in a file until it is read."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its sizes."""

    def read_float32(self) -> Float32:
        """Its values."""


class QuantizedTensor(Tensor, Protocol):
    """A linear layer's weights [outputs, inputs] that were stored as integers."""

    def read_integers(self) -> tuple[Integers, Float32, Integers]:
        """Unsigned integers [inputs, outputs], and the scale and the zero of each output."""


@dataclass(frozen=True)
class Weights:
    """A model's tensors, and the file that they come from."""

    file: Path
    tensors: Mapping[str, Tensor]
    quantized: Mapping[str, QuantizedTensor] = field(default_factory=dict)
    """Those of `tensors` that are integers already."""
    _taken: set[str] = field(default_factory=set)

    @property
    def unused(self) -> list[str]:
        """The names of tensors that nothing has asked for yet."""
        return sorted(set(self.tensors) - self._taken)

    def integers(self, name: str, shape: tuple[int, ...]) -> QuantizedTensor | None:
        """A matrix of this shape that is integers already; None where there is none."""
        found = self.quantized.get(name)
        if found is None or found.shape != shape:
            return None
        self._taken.add(name)
        return found

    def take(self, name: str, shape: tuple[int | None, ...]) -> Float32:
        """One tensor of this shape, where None is any size.

        Raises:
            ServiceError: it is missing or has another shape.
        """
        tensor = self.tensors.get(name) or self.tensors.get(f"module.{name}")
        if tensor is None:
            raise ServiceError(ErrorCode.MODEL_INVALID, f"{self.file} lacks weights: {name}")
        fits = len(tensor.shape) == len(shape) and all(
            wanted in (None, size) for size, wanted in zip(tensor.shape, shape, strict=True)
        )
        if not fits:
            raise ServiceError(
                ErrorCode.MODEL_INVALID,
                f"{self.file} does not fit config.yaml: {name} has shape "
                f"{list(tensor.shape)}, {list(shape)} expected",
            )
        self._taken.add(name)
        return tensor.read_float32()

    def has(self, name: str) -> bool:
        """Whether there is such a tensor."""
        return name in self.tensors or f"module.{name}" in self.tensors

    def size(self, name: str, axis: int) -> int:
        """One of a tensor's sizes; 0 where it is missing."""
        tensor = self.tensors.get(name) or self.tensors.get(f"module.{name}")
        return tensor.shape[axis] if tensor is not None and axis < len(tensor.shape) else 0


@dataclass(frozen=True)
class Layers:
    """Adds layers to a graph."""

    graph: Graph
    weights: Weights
    largest_pair: int | None
    """As `quantize` takes it; None keeps weights floats."""

    def linear(self, x: str, name: str, inputs: int, outputs: int, *, bias: bool = True) -> str:
        """`nn.Linear`."""
        stored = self.weights.integers(f"{name}.weight", (outputs, inputs))
        if stored is None:
            matrix = self.weights.take(f"{name}.weight", (outputs, inputs)).T
        offset = self.weights.take(f"{name}.bias", (outputs,)) if bias else None
        if stored is None:
            return self.product(x, matrix, offset)
        return self._product_as_stored(x, stored, offset)

    def _product_as_stored(self, x: str, stored: QuantizedTensor, offset: Float32 | None) -> str:
        """Integers as they are; as signed ones where these are faster: q - z is (q - 128) -
        (z - 128)."""
        integers, scale, zero = stored.read_integers()
        signed = has_exact_signed_products()
        matrix, zeros = ((a ^ 128).view(np.int8) if signed else a for a in (integers, zero))
        graph = self.graph
        added = "" if offset is None else graph.weight(offset)
        return graph.add(
            "DynamicQuantizeMatMul",
            x, graph.weight(matrix), graph.weight(scale), graph.weight(zeros), added,
            domain=MICROSOFT,
        )  # fmt: skip

    def product(self, x: str, matrix: Float32, offset: Float32 | None) -> str:
        """x times a matrix [inputs, outputs], plus an offset for each output."""
        graph = self.graph
        added = "" if offset is None else graph.weight(offset)
        if self.largest_pair is not None:
            integers, scale = quantize(matrix, self.largest_pair)
            return graph.add(
                "DynamicQuantizeMatMul",
                x, graph.weight(integers), graph.weight(scale), "", added,
                domain=MICROSOFT,
            )  # fmt: skip
        y = graph.add("MatMul", x, graph.weight(matrix))
        return graph.add("Add", y, added) if added else y

    def norm(self, x: str, name: str, channels: int, epsilon: float) -> str:
        """`nn.LayerNorm` over the channels."""
        scale = self.graph.weight(self.weights.take(f"{name}.weight", (channels,)))
        shift = self.graph.weight(self.weights.take(f"{name}.bias", (channels,)))
        return self.graph.add("LayerNormalization", x, scale, shift, axis=-1, epsilon=epsilon)

    def memory(
        self, x: str, name: str, channels: int, pads: tuple[int, int], *, given: bool = False
    ) -> str:
        """FSMN's memory: each channel sees its neighbours in time, and is added to what it sees.

        Source: FunASR, `forward_fsmn`; the addition is one more weight in the middle. `given` says
        that the rows before are there already, instead of silence.
        """
        kernel = self.weights.take(f"{name}.weight", (channels, 1, sum(pads) + 1)).copy()
        kernel[:, 0, pads[0]] += 1
        return self.convolve(x, kernel, None, (0, 0) if given else pads, groups=channels)

    def convolve(
        self,
        x: str,
        kernel: Float32,
        offset: Float32 | None,
        pads: tuple[int, int],
        groups: int = 1,
    ) -> str:
        """`nn.Conv1d` over the rows; the kernel has the shape [outputs, inputs / groups, size]."""
        graph = self.graph
        channels_first = graph.add("Transpose", x, perm=[0, 2, 1])
        added = [] if offset is None else [graph.weight(offset)]
        y = graph.add("Conv", channels_first, graph.weight(kernel), *added,
                      kernel_shape=kernel.shape[2:], pads=pads, group=groups)  # fmt: skip
        return graph.add("Transpose", y, perm=[0, 2, 1])

    def positions(self, x: str, channels: int, first: str) -> str:
        """x plus sinusoids of each row's position, of which the first is `first` (a float).

        Source: FunASR, `SinusoidalPositionEncoder`: all sines, then all cosines.
        """
        graph = self.graph
        half = channels // 2
        step = np.log(np.float32(10_000)) / np.float32(half - 1)
        frequencies = np.exp(np.arange(half, dtype=np.float32) * -step)
        rows = graph.add("Gather", graph.add("Shape", x), graph.constant(1, np.int64))
        count = graph.add("Cast", rows, to=1)
        end = graph.add("Add", count, first)
        places = graph.add("Range", first, end, graph.constant(1.0))
        column = graph.add("Unsqueeze", places, graph.constant([1], np.int64))
        angles = graph.add("Mul", column, graph.constant(frequencies[None]))
        waves = graph.add("Concat", graph.add("Sin", angles), graph.add("Cos", angles), axis=-1)
        return graph.add("Add", x, waves)

    def scaled(self, x: str, factor: float) -> str:
        """x times a number."""
        return self.graph.add("Mul", x, self.graph.constant(factor))

    def lstm(
        self,
        x: str,
        name: str,
        number: int,
        inputs: int,
        hidden: int,
        *,
        bidirectional: bool = False,
    ) -> str:
        """Layer `number` of an `nn.LSTM`; several sequences, shape [sequences, rows, channels]."""
        graph = self.graph
        ends = ["", "_reverse"] if bidirectional else [""]
        taken = [
            [
                self._gates(f"{name}.weight_ih_l{number}{end}", hidden, (inputs,)),
                self._gates(f"{name}.weight_hh_l{number}{end}", hidden, (hidden,)),
                self._gates(f"{name}.bias_ih_l{number}{end}", hidden, ()),
                self._gates(f"{name}.bias_hh_l{number}{end}", hidden, ()),
            ]
            for end in ends
        ]
        y = graph.add(
            "LSTM",
            graph.add("Transpose", x, perm=[1, 0, 2]),
            graph.weight(np.stack([one[0] for one in taken])),
            graph.weight(np.stack([one[1] for one in taken])),
            graph.weight(np.stack([np.concatenate(one[2:]) for one in taken])),
            hidden_size=hidden,
            direction="bidirectional" if bidirectional else "forward",
        )
        # [rows, directions, sequences, hidden]
        y = graph.add("Transpose", y, perm=[2, 0, 1, 3])
        return graph.add("Reshape", y, graph.constant([0, 0, hidden * len(ends)], np.int64))

    def _gates(self, name: str, hidden: int, inner: tuple[int, ...]) -> Float32:
        """Torch's gates (input, forget, cell, output) in ONNX's order (input, output, ...)."""
        blocks = np.split(self.weights.take(name, (4 * hidden, *inner)), 4)
        return np.concatenate([blocks[i] for i in (0, 3, 1, 2)])

    def feed_forward(self, x: str, name: str, channels: int, hidden: int) -> str:
        """Two linear layers with a rectifier between them."""
        y = self.graph.add("Relu", self.linear(x, f"{name}.w_1", channels, hidden))
        return self.linear(y, f"{name}.w_2", hidden, channels)


Extension = Callable[[str, str], Sequence[str]]


@dataclass(frozen=True)
class SanmEncoder:
    """FunASR's encoder of self-attention with FSMN memory (`SANMEncoder` and its kin)."""

    layers: Layers
    channels: int
    heads: int
    hidden: int
    kernel: int
    shift: int
    epsilon: float

    @classmethod
    def of(cls, layers: Layers, config: Mapping[str, Any], epsilon: float) -> "SanmEncoder":
        """The encoder that a model's `encoder_conf` describes."""
        return cls(
            layers,
            channels=int(config["output_size"]),
            heads=int(config["attention_heads"]),
            hidden=int(config["linear_units"]),
            kernel=int(config.get("kernel_size", 11)),
            shift=int(config.get("sanm_shfit") or 0),
            epsilon=epsilon,
        )

    def blocks(
        self, x: str, names: list[str], inputs: int, extended: Extension | None = None
    ) -> str:
        """One block after the other; the first one takes `inputs` channels.

        `extended` makes the keys and values that a block looks at from its own.
        """
        for name in names:
            x = self._block(x, name, inputs, extended)
            inputs = self.channels
        return x

    def _block(self, x: str, name: str, inputs: int, extended: Extension | None) -> str:
        layers, graph = self.layers, self.layers.graph
        attended = self._attention(
            layers.norm(x, f"{name}.norm1", inputs, self.epsilon),
            f"{name}.self_attn",
            inputs,
            extended,
        )
        x = graph.add("Add", x, attended) if inputs == self.channels else attended
        y = layers.norm(x, f"{name}.norm2", self.channels, self.epsilon)
        y = layers.feed_forward(y, f"{name}.feed_forward", self.channels, self.hidden)
        return graph.add("Add", x, y)

    def _attention(self, x: str, name: str, inputs: int, extended: Extension | None) -> str:
        layers, graph = self.layers, self.layers.graph
        joined = layers.linear(x, f"{name}.linear_q_k_v", inputs, 3 * self.channels)
        sizes = graph.constant([self.channels] * 3, np.int64)
        query, key, value = graph.split("Split", joined, sizes, outputs=3, axis=-1)
        keys, values = extended(key, value) if extended else (key, value)
        attended = graph.add(
            "MultiHeadAttention", query, keys, values, domain=MICROSOFT, num_heads=self.heads
        )
        before = (self.kernel - 1) // 2 + max(self.shift, 0)
        remembered = layers.memory(
            value, f"{name}.fsmn_block", self.channels, (before, self.kernel - 1 - before)
        )
        y = layers.linear(attended, f"{name}.linear_out", self.channels, self.channels)
        return graph.add("Add", y, remembered)


def encoder_names(blocks: int) -> list[str]:
    """The names of an encoder's blocks in a checkpoint."""
    return ["encoder.encoders0.0", *(f"encoder.encoders.{i}" for i in range(blocks - 1))]
