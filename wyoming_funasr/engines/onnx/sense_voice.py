"""SenseVoice on ONNX Runtime: from a checkpoint of any size, or FunASR's published graph.

Network: FunASR, `funasr/models/sense_voice/model.py` (`SenseVoiceEncoderSmall`).
"""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from wyoming_funasr.engines.base import Place, Punctuator
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.onnx.layers import ROWS, Layers, SanmEncoder, Weights, encoder_names
from wyoming_funasr.engines.onnx.published import write_published
from wyoming_funasr.engines.onnx.published_weights import read_published
from wyoming_funasr.engines.onnx.runtime import open_network
from wyoming_funasr.engines.sense_voice import QUERIES, TAG_QUERIES, Query, SenseVoice
from wyoming_funasr.recognition.ctc import LogProbs
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.models.checkpoints import read_state_dict
from wyoming_serving.models.onnx_cache import GRAPH, WEIGHTS
from wyoming_serving.models.onnx_graphs import Graph
from wyoming_serving.models.onnx_sessions import run

_LOGGER = logging.getLogger(__name__)

_EPSILON = 1e-5


def load(folder: ModelFolder, place: Place, punctuation: Punctuator | None) -> SenseVoice:
    """The engine; it writes punctuation itself.

    Raises:
        ServiceError: the folder is not a SenseVoice model.
    """
    return SenseVoice(folder, SenseVoiceOnnx(folder, place))


class SenseVoiceOnnx:
    """The network; each utterance is a run of its own."""

    def __init__(self, folder: ModelFolder, place: Place) -> None:
        self._session = open_network(
            place,
            [folder.published_graph or folder.checkpoint, folder.path / "config.yaml"],
            "sense_voice",
            lambda to, largest: _write(folder, to, largest),
        )
        self._is_published = "textnorm" in {one.name for one in self._session.get_inputs()}

    def log_probs(self, batch: Sequence[Query]) -> Iterator[LogProbs]:
        """Log posteriors of each utterance, shape [queries + rows, vocabulary]."""
        for query in batch:
            yield run(self._session, self._inputs(query))[0][0]

    def _inputs(self, query: Query) -> dict[str, np.ndarray]:
        speech = query.features[None]
        if not self._is_published:
            ids = [query.language, *TAG_QUERIES, query.normalization]
            return {"speech": speech, "queries": np.array([ids], np.int64)}
        return {
            "speech": speech,
            "speech_lengths": np.array([len(query.features)], np.int32),
            "language": np.array([query.language], np.int32),
            "textnorm": np.array([query.normalization], np.int32),
        }


def _write(folder: ModelFolder, target: Path, largest_pair: int | None) -> None:
    """Write a folder's graph: ours with the weights of the checkpoint or of the published file, or
    a published file that is another network as it is, with its thousands of nodes."""
    published = folder.published_graph
    if published is None:
        weights = Weights(folder.checkpoint, read_state_dict(folder.checkpoint))
        write_graph(folder, weights, target, largest_pair)
        return
    weights = read_published(published)
    try:
        write_graph(folder, weights, target, largest_pair)
        if weights.unused:
            raise ServiceError(
                ErrorCode.MODEL_INVALID, f"{published} holds more: {weights.unused[0]}"
            )
    except ServiceError as error:
        _LOGGER.info("%s is run as it is, which starts slowly (%s)", published, error.text)
        write_published(published, target, log_softmax_of="ctc_logits")


def write_graph(
    folder: ModelFolder, weights: Weights, target: Path, largest_pair: int | None
) -> None:
    """Write the graph of a model into the folder `target`.

    Raises:
        ServiceError: the weights are not what `config.yaml` describes.
    """
    config = folder.section("encoder_conf")
    table = weights.take("embed.weight", (None, None))
    features = table.shape[1]
    channels = int(config["output_size"])
    with Graph(target / WEIGHTS) as graph:
        layers = Layers(graph, weights, largest_pair)
        encoder = SanmEncoder.of(layers, config, _EPSILON)
        speech = graph.input("speech", np.float32, (1, ROWS, features))
        queries = graph.input("queries", np.int64, (1, QUERIES))
        x = graph.add("Concat", graph.add("Gather", graph.weight(table), queries), speech, axis=1)
        x = layers.positions(layers.scaled(x, channels**0.5), features, graph.constant(1.0))
        x = encoder.blocks(x, encoder_names(int(config["num_blocks"])), features)
        x = layers.norm(x, "encoder.after_norm", channels, _EPSILON)
        x = encoder.blocks(x, _late(int(config.get("tp_blocks", 0))), channels)
        x = layers.norm(x, "encoder.tp_norm", channels, _EPSILON)
        logits = layers.linear(x, "ctc.ctc_lo", channels, len(folder.vocabulary))
        log_probs = graph.add("LogSoftmax", logits, axis=-1)
        graph.output("log_probs", log_probs, np.float32, (1, "rows_and_queries", "tokens"))
        graph.save(target / GRAPH)


def _late(blocks: int) -> list[str]:
    return [f"encoder.tp_encoders.{i}" for i in range(blocks)]
