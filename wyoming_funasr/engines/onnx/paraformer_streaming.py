"""Streaming Paraformer on ONNX Runtime, from a checkpoint or FunASR's published graphs.

Networks: FunASR, `funasr/models/scama/encoder.py` and `funasr/models/paraformer/decoder.py`
(`forward_chunk`): every layer looks at the keys and values of a few chunks before.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from onnxruntime import InferenceSession

from wyoming_funasr.engines.base import Place, Punctuator
from wyoming_funasr.engines.cif import Float32, Integrator
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.onnx.decoder import EPSILON, SanmDecoder
from wyoming_funasr.engines.onnx.layers import (
    ROWS,
    Layers,
    SanmEncoder,
    Weights,
    encoder_names,
)
from wyoming_funasr.engines.onnx.paraformer_streaming_published import StreamingPublished
from wyoming_funasr.engines.onnx.predictor import CifPredictor
from wyoming_funasr.engines.onnx.runtime import open_network
from wyoming_funasr.engines.onnx.streaming_chunks import ChunkIntegration, placed
from wyoming_funasr.engines.paraformer_streaming import CHUNK, LOOK_BACK_CHUNKS, ParaformerStreaming
from wyoming_funasr.recognition.ctc import LogProbs
from wyoming_funasr.recognition.types import Features
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.models.checkpoints import read_state_dict
from wyoming_serving.models.onnx_cache import GRAPH, WEIGHTS
from wyoming_serving.models.onnx_graphs import Graph
from wyoming_serving.models.onnx_sessions import run

_ENCODER_ROWS, _DECODER_ROWS = (chunks * CHUNK[1] for chunks in LOOK_BACK_CHUNKS)
_NO_TOKENS = np.zeros((0, 1), np.float32)


@dataclass(frozen=True)
class StreamingState:
    """What the network remembers; arrays have the shape [layers, rows, channels]."""

    rows: int
    """How many rows were heard."""
    ahead: Float32
    """The rows that were looked ahead at, shape [rows, features]."""
    encoder: tuple[Float32, Float32]
    decoder: tuple[Float32, Float32, Float32]
    """Inputs of the FSMN memories, keys and values."""
    integrator: Integrator


def load(folder: ModelFolder, place: Place, punctuation: Punctuator | None) -> ParaformerStreaming:
    """The engine.

    Raises:
        ServiceError: the folder is not a streaming Paraformer model.
    """
    network = StreamingOnnx if folder.published_graph is None else StreamingPublished
    return ParaformerStreaming(folder, network(folder, place), punctuation)


class StreamingOnnx:
    """The network of a checkpoint."""

    def __init__(self, folder: ModelFolder, place: Place) -> None:
        encoder, decoder = folder.section("encoder_conf"), folder.section("decoder_conf")
        self._integration = ChunkIntegration(folder, before=CHUNK[0])
        self._channels = int(encoder["output_size"])
        self._layers = int(encoder["num_blocks"]), int(decoder["att_layer_num"])
        self._past = int(decoder.get("kernel_size", 21)) - 1
        sources = [folder.checkpoint, folder.path / "config.yaml"]

        def opened(
            name: str, write: Callable[[ModelFolder, Path, int | None], None]
        ) -> InferenceSession:
            return open_network(
                place, sources, name, lambda to, largest: write(folder, to, largest)
            )

        self._encoder = opened("streaming_encoder", write_encoder)
        self._decoder = opened("streaming_decoder", write_decoder)

    def start(self) -> StreamingState:
        """What is remembered before the first chunk."""
        features = self._encoder.get_inputs()[0].shape[-1]
        encoder, decoder = (np.zeros((n, 0, self._channels), np.float32) for n in self._layers)
        past = np.zeros((self._layers[1], self._past, self._channels), np.float32)
        return StreamingState(
            0,
            np.zeros((CHUNK[0] + CHUNK[2], features), np.float32),
            (encoder, encoder),
            (past, decoder, decoder),
            Integrator(0.0, np.zeros(self._channels, np.float32)),
        )

    def hear(
        self, state: StreamingState, rows: Features, *, is_final: bool, is_tail: bool
    ) -> tuple[LogProbs, StreamingState]:
        """Log posteriors of the tokens in the next chunk, and what is remembered behind it."""
        new = placed(rows, self._channels, state.rows)
        heard = state.ahead if is_tail else np.concatenate([state.ahead, new])
        hidden, alphas, keys, values = run(
            self._encoder,
            {"speech": heard[None], "keys": state.encoder[0], "values": state.encoder[1]},
        )
        tokens, integrator = self._integration.tokens(
            state.integrator, hidden[0], alphas.reshape(-1), is_final=is_final
        )
        state = replace(
            state,
            rows=state.rows + len(rows),
            ahead=heard[-(CHUNK[0] + CHUNK[2]) :],
            encoder=(keys, values),
            integrator=integrator,
        )
        if not tokens:
            return _NO_TOKENS, state
        past, keys, values = state.decoder
        log_probs, *remembered = run(
            self._decoder,
            {
                "hidden": hidden, "tokens": np.stack(tokens)[None],
                "past": past, "keys": keys, "values": values,
            },
        )  # fmt: skip
        return log_probs[0], replace(state, decoder=tuple(remembered))


def write_encoder(folder: ModelFolder, target: Path, largest_pair: int | None) -> None:
    """The encoder of a chunk, and the length predictor."""
    config = folder.section("encoder_conf")
    blocks, channels = int(config["num_blocks"]), int(config["output_size"])
    weights = Weights(folder.checkpoint, read_state_dict(folder.checkpoint))
    with Graph(target / WEIGHTS) as graph:
        layers = Layers(graph, weights, largest_pair)
        features = weights.size("encoder.encoders0.0.norm1.weight", 0)
        x = graph.input("speech", np.float32, (1, ROWS, features))
        past = _Past(graph, ("keys", "values"), blocks, channels)
        encoder = SanmEncoder.of(layers, config, EPSILON)

        def remembered(key: str, value: str) -> list[str]:
            """Keys and values with those of chunks before; the rows ahead come once more."""
            return [
                past.extended(kind, now, _ENCODER_ROWS, ahead=CHUNK[2])
                for kind, now in (("keys", key), ("values", value))
            ]

        x = encoder.blocks(x, encoder_names(blocks), features, remembered)
        hidden = layers.norm(x, "encoder.after_norm", channels, EPSILON)
        predictor = CifPredictor(layers, channels, folder.section("predictor_conf"))
        alphas, _ = predictor.alphas(hidden)
        graph.output("hidden", hidden, np.float32, (1, ROWS, channels))
        graph.output("alphas", alphas, np.float32, (1, ROWS, 1))
        past.output()
        graph.save(target / GRAPH)


def write_decoder(folder: ModelFolder, target: Path, largest_pair: int | None) -> None:
    """The decoder of a chunk.

    Raises:
        ServiceError: the checkpoint is not what `config.yaml` describes, or looks ahead.
    """
    channels = int(folder.section("encoder_conf")["output_size"])
    weights = Weights(folder.checkpoint, read_state_dict(folder.checkpoint))
    with Graph(target / WEIGHTS) as graph:
        layers = Layers(graph, weights, largest_pair)
        decoder = SanmDecoder(layers, "decoder", channels, folder.section("decoder_conf"))
        if decoder.pads[1] or decoder.remembering:
            raise ServiceError(
                ErrorCode.MODEL_INVALID,
                f"{folder.path}: a streaming decoder that looks ahead, or with layers that do "
                "not look at the encoder, is not known",
            )
        memory = graph.input("hidden", np.float32, (1, ROWS, channels))
        x = graph.input("tokens", np.float32, (1, "tokens", channels))
        past = _Past(graph, ("past", "keys", "values"), decoder.attending, channels)
        for i in range(decoder.attending):
            name = f"decoder.decoders.{i}"
            y = layers.norm(decoder.fed_forward(x, name), f"{name}.norm2", channels, EPSILON)
            joined = past.extended("past", y, decoder.kernel - 1)
            seen = layers.memory(
                joined,
                f"{name}.self_attn.fsmn_block",
                channels,
                decoder.pads,
                given=True,
            )
            x = graph.add("Add", x, seen)
            key, value = (
                past.extended(kind, now, _DECODER_ROWS)
                for kind, now in zip(
                    ("keys", "values"), decoder.key_and_value(memory, name), strict=True
                )
            )
            x = decoder.attended(x, decoder.attention(decoder.query(x, name), key, value), name)
        hidden = decoder.finished(x)
        logits = layers.linear(hidden, "decoder.output_layer", channels, len(folder.vocabulary))
        log_probs = graph.add("LogSoftmax", logits, axis=-1)
        graph.output("log_probs", log_probs, np.float32, (1, "tokens", "vocabulary"))
        past.output()
        graph.save(target / GRAPH)


class _Past:
    """What layers remember: inputs of a graph, taken by one layer after the other, and outputs."""

    def __init__(self, graph: Graph, kinds: tuple[str, ...], layers: int, channels: int) -> None:
        self._graph = graph
        self._channels = channels
        self._layers = layers
        sizes = graph.constant([1] * layers, np.int64)
        self._old: dict[str, list[str]] = {}
        self._new: dict[str, list[str]] = {kind: [] for kind in kinds}
        for kind in kinds:
            value = graph.input(kind, np.float32, (layers, f"{kind}_rows", channels))
            taken = graph.split("Split", value, sizes, outputs=layers, axis=0)
            self._old[kind] = list(reversed(taken))

    def extended(self, kind: str, now: str, rows: int, ahead: int = 0) -> str:
        """What a layer remembers, and behind it what is new; of it, the last `rows` are kept.

        Of the new rows, the last `ahead` are not remembered, because they come again.
        """
        graph = self._graph
        old = self._old[kind].pop()
        joined = graph.add("Concat", old, now, axis=1)
        kept = joined
        if ahead:
            axis, start = _ints(graph, 1), _ints(graph, 0)
            kept = graph.add("Slice", joined, start, _ints(graph, -ahead), axis)
        last = _ints(graph, np.iinfo(np.int64).max)
        self._new[kind].append(graph.add("Slice", kept, _ints(graph, -rows), last, _ints(graph, 1)))
        return joined

    def output(self) -> None:
        """Declare what is remembered as the graph's outputs."""
        for kind, parts in self._new.items():
            value = self._graph.add("Concat", *parts, axis=0)
            shape: tuple[Any, ...] = (self._layers, f"new_{kind}_rows", self._channels)
            self._graph.output(f"new_{kind}", value, np.float32, shape)


def _ints(graph: Graph, value: int) -> str:
    return graph.constant([value], np.int64)
