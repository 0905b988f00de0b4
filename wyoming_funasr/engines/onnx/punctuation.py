"""ct-punc on ONNX Runtime: from a checkpoint, or FunASR's published graph."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wyoming_funasr.engines.base import Place
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.onnx.layers import Layers, SanmEncoder, Weights, encoder_names
from wyoming_funasr.engines.onnx.published import write_published
from wyoming_funasr.engines.onnx.runtime import open_network
from wyoming_funasr.engines.punctuation import Punctuation
from wyoming_serving.models.checkpoints import read_state_dict
from wyoming_serving.models.onnx_cache import GRAPH, WEIGHTS
from wyoming_serving.models.onnx_graphs import Graph
from wyoming_serving.models.onnx_sessions import run

_EPSILON = 1e-12


def load(folder: ModelFolder, place: Place) -> Punctuation:
    """What uses the network.

    Raises:
        ServiceError: the folder is not a ct-punc model.
    """
    return Punctuation(folder, PunctuationOnnx(folder, place))


class PunctuationOnnx:
    """The network."""

    def __init__(self, folder: ModelFolder, place: Place) -> None:
        published = folder.published_graph
        self._is_published = published is not None
        if published is not None:
            self._session = open_network(
                place, [published], "punctuation", lambda to, _: write_published(published, to)
            )
        else:
            self._session = open_network(
                place,
                [folder.checkpoint, folder.path / "config.yaml"],
                "punctuation",
                lambda to, largest: write_graph(folder, to, largest),
            )

    def marks(self, ids: Sequence[int]) -> list[int]:
        """The mark behind each word, by its place in `punc_list`."""
        inputs = {"inputs": np.array([ids], np.int32)}
        if self._is_published:
            inputs["text_lengths"] = np.array([len(ids)], np.int32)
        found: list[int] = run(self._session, inputs)[0][0].argmax(axis=-1).tolist()
        return found


def write_graph(folder: ModelFolder, target: Path, largest_pair: int | None) -> None:
    """Write the graph of a checkpoint into the folder `target`.

    Raises:
        ServiceError: the checkpoint is not what `config.yaml` describes.
    """
    config = folder.section("encoder_conf")
    channels = int(config["output_size"])
    marks = len(folder.section("model_conf")["punc_list"])
    weights = Weights(folder.checkpoint, read_state_dict(folder.checkpoint))
    with Graph(target / WEIGHTS) as graph:
        layers = Layers(graph, weights, largest_pair)
        encoder = SanmEncoder.of(layers, config, _EPSILON)
        table = weights.take("embed.weight", (None, None))
        ids = graph.input("inputs", np.int32, (1, "words"))
        x = layers.scaled(graph.add("Gather", graph.weight(table), ids), channels**0.5)
        x = layers.positions(x, table.shape[1], graph.constant(1.0))
        x = encoder.blocks(x, encoder_names(int(config["num_blocks"])), table.shape[1])
        x = layers.norm(x, "encoder.after_norm", channels, _EPSILON)
        scores = layers.linear(x, "decoder", channels, marks)
        graph.output("logits", scores, np.float32, (1, "words", marks))
        graph.save(target / GRAPH)
