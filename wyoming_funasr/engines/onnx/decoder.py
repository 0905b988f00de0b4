"""FunASR's decoder with FSMN memory (`ParaformerSANMDecoder`) as ONNX nodes.

Source: FunASR, `funasr/models/paraformer/decoder.py` and `funasr/models/sanm/attention.py`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from wyoming_funasr.engines.onnx.layers import Layers
from wyoming_serving.models.onnx_graphs import MICROSOFT

EPSILON = 1e-12


@dataclass(frozen=True)
class SanmDecoder:
    """The decoder whose tensors have names that begin with `name`."""

    layers: Layers
    name: str
    channels: int
    config: dict[str, Any]

    @property
    def attending(self) -> int:
        """How many layers look at the memory."""
        return int(self.config["att_layer_num"])

    @property
    def remembering(self) -> int:
        """How many more layers have an FSMN memory alone."""
        return max(0, int(self.config["num_blocks"]) - self.attending)

    @property
    def kernel(self) -> int:
        """The size of the FSMN memory."""
        return int(self.config.get("kernel_size", 21))

    @property
    def pads(self) -> tuple[int, int]:
        """Rows before and behind that the FSMN memory of attending layers looks at."""
        shift = self.config.get("sanm_shfit", 0)
        middle = (self.kernel - 1) // 2
        before = middle + max(middle if shift is None else int(shift), 0)
        return before, self.kernel - 1 - before

    def hidden(self, x: str, memory: str) -> str:
        """The decoder's output before its output layer."""
        for i in range(self.attending):
            x, _ = self.attending_layer(x, memory, i)
        middle = (self.kernel - 1) // 2
        for i in range(self.remembering):
            x = self._remembered(x, f"{self.name}.decoders2.{i}", (middle, middle))
        return self.finished(x)

    def attending_layer(self, x: str, memory: str, i: int, *, weights: bool = False) -> list[str]:
        """One layer's output and, where they are wanted, its attention weights."""
        name = f"{self.name}.decoders.{i}"
        x = self._remembered(x, name, self.pads)
        query = self.query(x, name)
        key, value = self.key_and_value(memory, name)
        if weights:
            attended, found = self._attention_with_weights(query, key, value)
        else:
            attended, found = self.attention(query, key, value), ""
        return [self.attended(x, attended, name), found]

    def finished(self, x: str) -> str:
        """The last layer, which is a feed-forward network, and the normalization behind it."""
        x = self.fed_forward(x, f"{self.name}.decoders3.0")
        return self.layers.norm(x, f"{self.name}.after_norm", self.channels, EPSILON)

    def fed_forward(self, x: str, name: str) -> str:
        """The feed-forward network at the beginning of a layer."""
        layers, hidden = self.layers, int(self.config["linear_units"])
        y = layers.norm(x, f"{name}.norm1", self.channels, EPSILON)
        y = layers.linear(y, f"{name}.feed_forward.w_1", self.channels, hidden)
        y = layers.norm(layers.graph.add("Relu", y), f"{name}.feed_forward.norm", hidden, EPSILON)
        return layers.linear(y, f"{name}.feed_forward.w_2", hidden, self.channels, bias=False)

    def query(self, x: str, name: str) -> str:
        """What a layer asks the memory."""
        y = self.layers.norm(x, f"{name}.norm3", self.channels, EPSILON)
        return self.layers.linear(y, f"{name}.src_attn.linear_q", self.channels, self.channels)

    def key_and_value(self, memory: str, name: str) -> list[str]:
        """What a layer finds in the memory."""
        joined = self.layers.linear(
            memory, f"{name}.src_attn.linear_k_v", self.channels, 2 * self.channels
        )
        sizes = self.layers.graph.constant([self.channels] * 2, np.int64)
        return self.layers.graph.split("Split", joined, sizes, outputs=2, axis=-1)

    def attention(self, query: str, key: str, value: str) -> str:
        """Attention of several heads."""
        heads = int(self.config["attention_heads"])
        return self.layers.graph.add(
            "MultiHeadAttention", query, key, value, domain=MICROSOFT, num_heads=heads
        )

    def attended(self, x: str, attended: str, name: str) -> str:
        """A layer's output: its input with what it found in the memory."""
        y = self.layers.linear(
            attended, f"{name}.src_attn.linear_out", self.channels, self.channels
        )
        return self.layers.graph.add("Add", x, y)

    def _remembered(self, x: str, name: str, pads: tuple[int, int]) -> str:
        y = self.layers.norm(self.fed_forward(x, name), f"{name}.norm2", self.channels, EPSILON)
        y = self.layers.memory(y, f"{name}.self_attn.fsmn_block", self.channels, pads)
        return self.layers.graph.add("Add", x, y)

    def _attention_with_weights(self, query: str, key: str, value: str) -> list[str]:
        graph, heads = self.layers.graph, int(self.config["attention_heads"])
        size = self.channels // heads
        apart = graph.constant([0, 0, heads, size], np.int64)
        q = graph.add("Transpose", graph.add("Reshape", query, apart), perm=[0, 2, 1, 3])
        k = graph.add("Transpose", graph.add("Reshape", key, apart), perm=[0, 2, 3, 1])
        v = graph.add("Transpose", graph.add("Reshape", value, apart), perm=[0, 2, 1, 3])
        scores = graph.add("MatMul", self.layers.scaled(q, size**-0.5), k)
        weights = graph.add("Softmax", scores, axis=-1)
        joined = graph.add("Transpose", graph.add("MatMul", weights, v), perm=[0, 2, 1, 3])
        together = graph.constant([0, 0, self.channels], np.int64)
        return [graph.add("Reshape", joined, together), weights]
