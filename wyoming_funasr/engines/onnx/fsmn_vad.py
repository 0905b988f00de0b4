"""fsmn-vad on ONNX Runtime: from a checkpoint, or FunASR's published graph.

Network: FunASR, `funasr/models/fsmn_vad_streaming/encoder.py` (`FSMN`); the inputs and outputs are
those of FunASR's export.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from wyoming_funasr.engines.base import Place
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.fsmn_vad import Caches, FsmnVoiceActivity
from wyoming_funasr.engines.onnx.layers import ROWS, Layers, Weights
from wyoming_funasr.engines.onnx.published import write_published
from wyoming_funasr.engines.onnx.runtime import open_network
from wyoming_funasr.recognition.types import Features
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.models.checkpoints import read_state_dict
from wyoming_serving.models.onnx_cache import GRAPH, WEIGHTS
from wyoming_serving.models.onnx_graphs import Graph
from wyoming_serving.models.onnx_sessions import run


def load(folder: ModelFolder, place: Place) -> FsmnVoiceActivity:
    """What uses the network.

    Raises:
        ServiceError: the folder is not a fsmn-vad model.
    """
    return FsmnVoiceActivity(folder, FsmnOnnx(folder, place))


class FsmnOnnx:
    """The network, in float32, because it is small."""

    def __init__(self, folder: ModelFolder, place: Place) -> None:
        config = folder.section("encoder_conf")
        past = (int(config["lorder"]) - 1) * int(config["lstride"])
        self._layers = int(config["fsmn_layers"])
        self._cache_shape = (1, int(config["proj_dim"]), past, 1)
        published = folder.published_graph
        if published is not None:
            self._session = open_network(
                place, [published], "fsmn_vad", lambda to, _: write_published(published, to)
            )
        else:
            self._session = open_network(
                place,
                [folder.checkpoint, folder.path / "config.yaml"],
                "fsmn_vad",
                lambda to, _: write_graph(folder, to),
            )

    def start(self) -> Caches:
        """What is remembered before the first row."""
        return [np.zeros(self._cache_shape, np.float32) for _ in range(self._layers)]

    def posteriors(self, rows: Features, caches: Caches) -> tuple[npt.NDArray[np.float32], Caches]:
        """Posteriors, shape [rows, sounds], and what is remembered behind these rows."""
        inputs = {f"in_cache{i}": cache for i, cache in enumerate(caches)}
        found, *remembered = run(self._session, {"speech": rows[None], **inputs})
        return found[0], remembered


def write_graph(folder: ModelFolder, target: Path) -> None:
    """Write the graph of a checkpoint into the folder `target`.

    Raises:
        ServiceError: the checkpoint is not what `config.yaml` describes, or looks ahead.
    """
    config = {name: int(value) for name, value in folder.section("encoder_conf").items()}
    if config.get("rorder", 0):
        raise ServiceError(
            ErrorCode.MODEL_INVALID, f"{folder.path}: an fsmn-vad that looks ahead (rorder > 0)"
        )
    weights = Weights(folder.checkpoint, read_state_dict(folder.checkpoint))
    width, channels = config["linear_dim"], config["proj_dim"]
    with Graph(target / WEIGHTS) as graph:
        layers = Layers(graph, weights, None)
        first, last = config["input_affine_dim"], config["output_affine_dim"]
        x = graph.input("speech", np.float32, (1, ROWS, config["input_dim"]))
        x = layers.linear(x, "encoder.in_linear1.linear", config["input_dim"], first)
        x = graph.add("Relu", layers.linear(x, "encoder.in_linear2.linear", first, width))
        caches = []
        for i in range(config["fsmn_layers"]):
            name = f"encoder.fsmn.{i}"
            x = layers.linear(x, f"{name}.linear.linear", width, channels, bias=False)
            x, cache = _memory(layers, x, i, config)
            caches.append(cache)
            x = graph.add("Relu", layers.linear(x, f"{name}.affine.linear", channels, width))
        x = layers.linear(x, "encoder.out_linear1.linear", width, last)
        x = layers.linear(x, "encoder.out_linear2.linear", last, config["output_dim"])
        x = graph.add("Softmax", x, axis=-1)
        graph.output("logits", x, np.float32, (1, ROWS, config["output_dim"]))
        for i, cache in enumerate(caches):
            graph.output(f"out_cache{i}", cache, np.float32, (1, channels, "past", 1))
        graph.save(target / GRAPH)


def _memory(layers: Layers, x: str, i: int, config: dict[str, int]) -> tuple[str, str]:
    """A row with what it sees of the past, and what the next rows will see."""
    graph, channels, size = layers.graph, config["proj_dim"], config["lorder"]
    past = (size - 1) * config["lstride"]
    cache = graph.input(f"in_cache{i}", np.float32, (1, channels, past, 1))
    kernel = layers.weights.take(
        f"encoder.fsmn.{i}.fsmn_block.conv_left.weight", (channels, 1, size, 1)
    )
    # [1, channels, rows, 1]
    now = graph.add("Unsqueeze", graph.add("Transpose", x, perm=[0, 2, 1]), _ints(graph, 3))
    joined = graph.add("Concat", cache, now, axis=2)
    seen = graph.add(
        "Conv", joined, graph.weight(kernel),
        kernel_shape=[size, 1], dilations=[config["lstride"], 1], group=channels,
    )  # fmt: skip
    found = graph.add("Squeeze", graph.add("Add", now, seen), _ints(graph, 3))
    end = _ints(graph, np.iinfo(np.int64).max)
    remembered = graph.add("Slice", joined, _ints(graph, -past), end, _ints(graph, 2))
    return graph.add("Transpose", found, perm=[0, 2, 1]), remembered


def _ints(graph: Graph, value: int) -> str:
    return graph.constant([value], np.int64)
