"""Paraformer on ONNX Runtime, from a checkpoint or FunASR's published graphs.

Networks: FunASR, `funasr/models/{paraformer,seaco_paraformer}/model.py`, in parts, because the
number of tokens is known only in the middle: an encoder with the length predictor, the decoder,
and for hotwords what reads them and the decoder that looks at them (SeACo).
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from onnxruntime import InferenceSession

from wyoming_funasr.engines import cif
from wyoming_funasr.engines.base import Place, Punctuator
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.onnx.decoder import EPSILON, SanmDecoder
from wyoming_funasr.engines.onnx.layers import ROWS, Layers, SanmEncoder, Weights, encoder_names
from wyoming_funasr.engines.onnx.paraformer_published import ParaformerPublished
from wyoming_funasr.engines.onnx.predictor import CifPredictor
from wyoming_funasr.engines.onnx.runtime import open_network
from wyoming_funasr.engines.paraformer import (
    KEPT_HOTWORDS,
    Decoded,
    Paraformer,
    Spelled,
    check_checkpoint,
)
from wyoming_funasr.recognition.ctc import LogProbs
from wyoming_funasr.recognition.types import Features
from wyoming_serving.models.checkpoints import read_state_dict
from wyoming_serving.models.onnx_cache import GRAPH, WEIGHTS
from wyoming_serving.models.onnx_graphs import Graph
from wyoming_serving.models.onnx_sessions import run

_NO_TOKENS = np.zeros((0, 1), np.float32)
_MOST_HOTWORDS = 50
"""More of them are first sorted by how much the decoder looks at them, as FunASR does."""

_SORTING_LAYER = 5
_NO_HOTWORD = 8377
"""The token that says that no hotword was said, where `config.yaml` names no other."""


def load(folder: ModelFolder, place: Place, punctuation: Punctuator | None) -> Paraformer:
    """The engine.

    Raises:
        ServiceError: the folder is not a Paraformer model.
    """
    if folder.published_graph is not None:
        return Paraformer(folder, ParaformerPublished(folder, place), punctuation)
    check_checkpoint(folder)
    return Paraformer(folder, ParaformerOnnx(folder, place), punctuation)


class ParaformerOnnx:
    """The network of a checkpoint; each utterance is a run of its own."""

    def __init__(self, folder: ModelFolder, place: Place) -> None:
        self._config = folder.section("predictor_conf")
        sources = [folder.checkpoint, folder.path / "config.yaml"]
        model = folder.section("model_conf")
        self._start_id = int(model.get("sos", 1))
        self._no_hotword = int(model.get("NO_BIAS", _NO_HOTWORD))
        self.takes_hotwords = folder.config["model"] == "SeacoParaformer"

        def opened(name: str) -> InferenceSession:
            return open_network(
                place, sources, name, lambda to, largest: _PARTS[name](folder, to, largest)
            )

        self._encoder, self._decoder = opened("encoder"), opened("decoder")
        self._reader = opened("hotword_reader") if self.takes_hotwords else None
        self._listener = opened("hotword_listener") if self.takes_hotwords else None
        self._context = lru_cache(KEPT_HOTWORDS)(self._read)

    def decode(self, batch: Sequence[Features], hotwords: Spelled) -> Iterator[Decoded]:
        """Decode utterances, listening for hotwords."""
        context = self._context(hotwords) if hotwords else None
        for features in batch:
            yield self._decoded(features, context)

    def _decoded(self, features: Features, context: cif.Float32 | None) -> Decoded:
        hidden, alphas, *times = run(self._encoder, {"speech": features[None]})
        tokens = cif.tokens(
            hidden[0],
            alphas.reshape(-1),
            float(self._config.get("threshold", 1.0)),
            float(self._config.get("tail_threshold", 0.0)),
        )[None]
        if not tokens.size:
            return Decoded(_NO_TOKENS)
        log_probs, decoded = run(self._decoder, {"hidden": hidden, "tokens": tokens})
        found = log_probs[0]
        if context is not None:
            found = self._with_hotwords(found, tokens, decoded, context)
        return Decoded(found, times[0].reshape(-1) if times else None)

    def _read(self, hotwords: Spelled) -> cif.Float32:
        """A vector for each hotword, and last the one that stands for none."""
        words = [*hotwords, (self._start_id,)]
        ids = np.zeros((len(words), max(map(len, words))), np.int64)
        for row, word in zip(ids, words, strict=True):
            row[: len(word)] = word
        assert self._reader is not None
        states = run(self._reader, {"ids": ids})[0]
        found: cif.Float32 = states[np.arange(len(words)), [len(word) - 1 for word in words]]
        return found

    def _with_hotwords(
        self, log_probs: LogProbs, tokens: cif.Float32, decoded: cif.Float32, context: cif.Float32
    ) -> LogProbs:
        """The posteriors where hotwords take the place of what was decoded."""
        heard, looks = self._listened(tokens, decoded, context)
        if len(context) > _MOST_HOTWORDS:
            most_looked_at = np.argsort(-looks, kind="stable")[:_MOST_HOTWORDS]
            chosen = context[[*most_looked_at, len(context) - 1]]
            heard, _ = self._listened(tokens, decoded, chosen)
        is_none = heard.argmax(axis=1) == self._no_hotword
        return np.where(is_none[:, None], log_probs, heard)

    def _listened(
        self, tokens: cif.Float32, decoded: cif.Float32, context: cif.Float32
    ) -> tuple[LogProbs, npt.NDArray[np.float32]]:
        assert self._listener is not None
        inputs = {"context": context[None], "tokens": tokens, "decoded": decoded}
        log_probs, looks = run(self._listener, inputs)
        return log_probs[0], looks


def _layers(folder: ModelFolder, graph: Graph, largest_pair: int | None) -> Layers:
    weights = Weights(folder.checkpoint, read_state_dict(folder.checkpoint))
    return Layers(graph, weights, largest_pair)


def write_encoder(folder: ModelFolder, target: Path, largest_pair: int | None) -> None:
    """The encoder and the length predictor."""
    config = folder.section("encoder_conf")
    channels = int(config["output_size"])
    with Graph(target / WEIGHTS) as graph:
        layers = _layers(folder, graph, largest_pair)
        encoder = SanmEncoder.of(layers, config, EPSILON)
        inputs = layers.weights.size("encoder.encoders0.0.norm1.weight", 0)
        speech = graph.input("speech", np.float32, (1, ROWS, inputs))
        x = layers.positions(layers.scaled(speech, channels**0.5), inputs, graph.constant(1.0))
        x = encoder.blocks(x, encoder_names(int(config["num_blocks"])), inputs)
        hidden = layers.norm(x, "encoder.after_norm", channels, EPSILON)
        predictor = CifPredictor(layers, channels, folder.section("predictor_conf"))
        alphas, convolved = predictor.alphas(hidden)
        graph.output("hidden", hidden, np.float32, (1, ROWS, channels))
        graph.output("alphas", alphas, np.float32, (1, ROWS, 1))
        if predictor.tells_times:
            times = predictor.time_alphas(hidden, convolved)
            graph.output("time_alphas", times, np.float32, (1, "times", 1))
        graph.save(target / GRAPH)


def write_decoder(folder: ModelFolder, target: Path, largest_pair: int | None) -> None:
    """The decoder: its posteriors, and what they were made from."""
    channels = int(folder.section("encoder_conf")["output_size"])
    with Graph(target / WEIGHTS) as graph:
        layers = _layers(folder, graph, largest_pair)
        decoder = SanmDecoder(layers, "decoder", channels, folder.section("decoder_conf"))
        memory = graph.input("hidden", np.float32, (1, ROWS, channels))
        tokens = graph.input("tokens", np.float32, (1, "tokens", channels))
        hidden = decoder.hidden(tokens, memory)
        logits = layers.linear(hidden, "decoder.output_layer", channels, len(folder.vocabulary))
        log_probs = graph.add("LogSoftmax", logits, axis=-1)
        graph.output("log_probs", log_probs, np.float32, (1, "tokens", "vocabulary"))
        graph.output("decoded", hidden, np.float32, (1, "tokens", channels))
        graph.save(target / GRAPH)


def write_hotword_reader(folder: ModelFolder, target: Path, largest_pair: int | None) -> None:
    """The network that reads hotwords: its state behind each of their tokens."""
    with Graph(target / WEIGHTS) as graph:
        layers = _layers(folder, graph, largest_pair)
        table = layers.weights.take("decoder.embed.0.weight", (None, None))
        channels = table.shape[1]
        ids = graph.input("ids", np.int64, ("words", "tokens"))
        x = graph.add("Gather", graph.weight(table), ids)
        for number in range(2):
            x = layers.lstm(x, "bias_encoder", number, channels, channels)
        graph.output("states", x, np.float32, ("words", "tokens", channels))
        graph.save(target / GRAPH)


def write_hotword_listener(folder: ModelFolder, target: Path, largest_pair: int | None) -> None:
    """The decoder that looks at hotwords, and how much it looks at each."""
    channels = int(folder.section("model_conf").get("inner_dim", 256))
    with Graph(target / WEIGHTS) as graph:
        layers = _layers(folder, graph, largest_pair)
        config = folder.section("seaco_decoder_conf")
        decoder = SanmDecoder(layers, "seaco_decoder", channels, config)
        context = graph.input("context", np.float32, (1, "words", channels))
        tokens = graph.input("tokens", np.float32, (1, "tokens", channels))
        decoded = graph.input("decoded", np.float32, (1, "tokens", channels))
        found = graph.add("Add", decoder.hidden(tokens, context), decoder.hidden(decoded, context))
        logits = layers.linear(found, "hotword_output_layer", channels, len(folder.vocabulary))
        log_probs = graph.add("LogSoftmax", logits, axis=-1)
        x = decoded
        weights = ""
        for i in range(min(_SORTING_LAYER + 1, decoder.attending)):
            x, weights = decoder.attending_layer(x, context, i, weights=True)
        axes = graph.constant([0, 1, 2], np.int64)
        looks = graph.add("ReduceSum", weights, axes, keepdims=0)
        graph.output("log_probs", log_probs, np.float32, (1, "tokens", "vocabulary"))
        graph.output("looks", looks, np.float32, ("words",))
        graph.save(target / GRAPH)


_PARTS = {
    "encoder": write_encoder,
    "decoder": write_decoder,
    "hotword_reader": write_hotword_reader,
    "hotword_listener": write_hotword_listener,
}
