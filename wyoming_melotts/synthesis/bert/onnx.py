"""A BERT that ONNX Runtime computes, in float32 or with 8-bit projections."""

import math
from pathlib import Path

import numpy as np
from onnxruntime import InferenceSession

from wyoming_melotts.synthesis.arrays import Floats, Ints
from wyoming_melotts.synthesis.bert import config as config_module
from wyoming_melotts.synthesis.bert.config import BertConfig
from wyoming_melotts.synthesis.bert.weights import BertWeights, weights_file
from wyoming_melotts.synthesis.linear import linear
from wyoming_serving.models import int8_weights
from wyoming_serving.models.int8_weights import largest_pair
from wyoming_serving.models.onnx_cache import GRAPH, WEIGHTS, open_made_graph
from wyoming_serving.models.onnx_graphs import MICROSOFT, Graph


class OnnxBert:
    """The layers in a session; the table of words stays in its file, of which a text reads rows."""

    def __init__(self, config: BertConfig, weights: BertWeights, session: InferenceSession) -> None:
        """`session` runs what `make_graph` wrote."""
        self.config = config
        self._words = weights.map(
            "embeddings.word_embeddings.weight", config.vocab_size, config.hidden_size
        )
        self._session = session

    @classmethod
    def load(cls, folder: Path, cache_dir: Path, threads: int, *, int8: bool) -> "OnnxBert":
        """Read `config.json` and the weights of a published BERT.

        Raises:
            VoiceFileError: a file is missing or does not fit.
        """
        config = BertConfig.read(folder / "config.json")
        weights = BertWeights.open(folder)
        largest = largest_pair() if int8 else None
        session = open_made_graph(
            cache_dir,
            sources=(folder / "config.json", weights_file(folder)),
            name="bert",
            recipe=f"int8, pairs up to {largest}" if int8 else "float32",
            code=[Path(__file__), Path(config_module.__file__), Path(int8_weights.__file__)],
            make=lambda target: make_graph(config, weights, target, largest),
            threads=threads,
        )
        return cls(config, weights, session)

    def encode(self, ids: Ints) -> Floats:
        """Ids [tokens], no more than there are positions, to hidden states [tokens, hidden]."""
        (states,) = self._session.run(["states"], {"words": self._words[ids]})
        return states  # type: ignore[no-any-return]


def make_graph(config: BertConfig, weights: BertWeights, target: Path, largest: int | None) -> None:
    """Write the graph of a BERT's used layers with its weights into a folder.

    Its input `words` is [tokens, hidden], the words' embeddings, its output `states` the same
    shape. `largest` is the `largest_pair` of 8-bit weights, None for float32.

    Raises:
        VoiceFileError: the weights do not fit.
    """
    with Graph(target / WEIGHTS) as graph:
        _Builder(graph, config, weights, largest).build()
    graph.save(target / GRAPH)


class _Builder:
    """Adds the layers to a graph; signals are [tokens, channels]."""

    def __init__(
        self, graph: Graph, config: BertConfig, weights: BertWeights, largest: int | None
    ) -> None:
        self._graph = graph
        self._config = config
        self._weights = weights
        self._largest = largest

    def build(self) -> None:
        """The whole graph."""
        size = self._config.hidden_size
        x = self._embed(self._graph.input("words", np.float32, ["tokens", size]))
        for index in range(self._config.used_layers):
            name = f"encoder.layer.{index}"
            x = self._norm(
                self._graph.add("Add", x, self._attention(x, f"{name}.attention")),
                f"{name}.attention.output.LayerNorm",
            )
            x = self._norm(
                self._graph.add("Add", x, self._feed_forward(x, name)), f"{name}.output.LayerNorm"
            )
        self._graph.output("states", x, np.float32, ["tokens", size])

    def _embed(self, words: str) -> str:
        """Words plus positions plus the first segment."""
        graph, config = self._graph, self._config
        shape = (config.max_position_embeddings, config.hidden_size)
        positions = self._weights.take("embeddings.position_embeddings.weight", *shape)
        segments = self._weights.take(
            "embeddings.token_type_embeddings.weight", config.type_vocab_size, config.hidden_size
        )
        tokens = graph.add("Shape", words, start=0, end=1)
        places = graph.add(
            "Slice", graph.weight(positions + segments[0]), graph.ints(0), tokens, graph.ints(0)
        )
        return self._norm(graph.add("Add", words, places), "embeddings.LayerNorm")

    def _attention(self, x: str, name: str) -> str:
        graph, n_heads = self._graph, self._config.num_attention_heads
        size = self._config.hidden_size
        names = [f"{name}.self.{part}" for part in ("query", "key", "value")]
        projected = self._project(x, names, size, size)
        projected = graph.add("Reshape", projected, graph.ints(-1, 3 * n_heads, size // n_heads))
        heads = graph.add("Transpose", projected, perm=[1, 0, 2])
        query, key, value = graph.split("Split", heads, outputs=3, axis=0)
        scores = graph.add("MatMul", query, graph.add("Transpose", key, perm=[0, 2, 1]))
        scores = graph.add("Mul", scores, graph.constant(1 / math.sqrt(size // n_heads)))
        mixed = graph.add("MatMul", graph.add("Softmax", scores, axis=-1), value)
        mixed = graph.add("Transpose", mixed, perm=[1, 0, 2])
        mixed = graph.add("Reshape", mixed, graph.ints(-1, size))
        return self._project(mixed, [f"{name}.output.dense"], size, size)

    def _feed_forward(self, x: str, name: str) -> str:
        size, wide = self._config.hidden_size, self._config.intermediate_size
        x = self._project(x, [f"{name}.intermediate.dense"], wide, size)
        x = self._graph.add("Gelu", x, domain=MICROSOFT)
        return self._project(x, [f"{name}.output.dense"], size, wide)

    def _project(self, x: str, names: list[str], out_size: int, in_size: int) -> str:
        """Linear layers of one signal, side by side."""
        weights = self._weights
        matrix = np.concatenate(
            [weights.take(f"{name}.weight", out_size, in_size).T for name in names], axis=1
        )
        bias = np.concatenate([weights.take(f"{name}.bias", out_size) for name in names])
        return linear(self._graph, x, matrix, bias, self._largest)

    def _norm(self, x: str, name: str) -> str:
        size = self._config.hidden_size
        scale, shift = (
            self._graph.weight(self._weights.take(f"{name}.{part}", size))
            for part in ("weight", "bias")
        )
        epsilon = self._config.layer_norm_eps
        return self._graph.add("LayerNormalization", x, scale, shift, axis=-1, epsilon=epsilon)
