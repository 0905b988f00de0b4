"""From phones to the latent's prior and the tokens' log durations."""

import math

import numpy as np

from wyoming_melotts.synthesis.acoustic.config import AcousticConfig
from wyoming_melotts.synthesis.acoustic.fixed_sizes import BERT_CHANNELS, LARGE_BERT_CHANNELS
from wyoming_melotts.synthesis.acoustic.onnx.duration import (
    StochasticDurations,
    deterministic_durations,
)
from wyoming_melotts.synthesis.acoustic.onnx.encoder import Encoder, EncoderShape
from wyoming_melotts.synthesis.acoustic.onnx.layers import Layers
from wyoming_melotts.synthesis.acoustic.weights import Weights
from wyoming_serving.models.onnx_graphs import Graph


def build_text(graph: Graph, config: AcousticConfig, weights: Weights) -> None:
    """The text encoder and the duration predictors.

    Inputs: `phones`, `tones`, `languages` (int64 [tokens]); `bert` [tokens, 768] and `large_bert`
    [tokens, 1024], of which one row may stand for all tokens; `speaker` [1]; `noise`
    [tokens, 2]; `sdp_ratio` [1]. Outputs: `mean` and `log_scale` [tokens, inter] of the prior,
    `log_durations` [tokens] in frames.
    """
    layers = Layers(graph, weights)
    channels, speaker_channels = config.hidden_channels, config.gin_channels
    speaker = layers.speaker(config.n_speakers, config.gin_channels)
    hidden = Encoder(layers, "enc_p.encoder", _shape(config)).build(
        _embedded(layers, config), speaker
    )
    prior = layers.project(hidden, "enc_p.proj", 2 * config.inter_channels, channels)
    inter = config.inter_channels
    graph.output("mean", layers.part(prior, 0, inter), np.float32, ["tokens", inter])
    graph.output("log_scale", layers.part(prior, inter, 2 * inter), np.float32, ["tokens", inter])

    noise = graph.input("noise", np.float32, ["tokens", 2])
    ratio = graph.input("sdp_ratio", np.float32, [1])
    stochastic = StochasticDurations(layers, channels, speaker_channels).build(
        hidden, speaker, noise
    )
    deterministic = deterministic_durations(layers, hidden, speaker, channels, speaker_channels)
    difference = graph.add("Sub", stochastic, deterministic)
    mixed = graph.add("Add", deterministic, graph.add("Mul", difference, ratio))
    flat = graph.add("Reshape", mixed, graph.ints(-1))
    graph.output("log_durations", flat, np.float32, ["tokens"])


def _embedded(layers: Layers, config: AcousticConfig) -> str:
    """The sum of all that is known of each token, as [tokens, channels]."""
    graph, channels = layers.graph, config.hidden_channels
    tables = (
        ("phones", "emb", len(config.symbols)),
        ("tones", "tone_emb", config.num_tones),
        ("languages", "language_emb", config.num_languages),
    )
    rows = [
        graph.add(
            "Gather",
            layers.take(f"enc_p.{name}.weight", size, channels),
            graph.input(port, np.int64, ["tokens"]),
        )
        for port, name, size in tables
    ]
    features = (
        ("large_bert", "bert_proj", LARGE_BERT_CHANNELS),
        ("bert", "ja_bert_proj", BERT_CHANNELS),
    )
    rows += [
        layers.project(
            graph.input(port, np.float32, [f"rows_of_{port}", size]),
            f"enc_p.{name}",
            channels,
            size,
        )
        for port, name, size in features
    ]
    total = rows[0]
    for row in rows[1:]:
        total = graph.add("Add", total, row)
    return graph.add("Mul", total, graph.constant(math.sqrt(channels)))


def _shape(config: AcousticConfig) -> EncoderShape:
    return EncoderShape(
        config.hidden_channels,
        config.filter_channels,
        config.n_heads,
        config.n_layers,
        config.kernel_size,
        config.gin_channels,
    )
