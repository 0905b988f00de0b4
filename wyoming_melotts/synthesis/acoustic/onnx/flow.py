"""The normalizing flow between the text's prior and the decoder's latent, in reverse."""

import numpy as np

from wyoming_melotts.synthesis.acoustic.config import AcousticConfig
from wyoming_melotts.synthesis.acoustic.fixed_sizes import FLOW_KERNEL_SIZE
from wyoming_melotts.synthesis.acoustic.onnx.encoder import Encoder, EncoderShape
from wyoming_melotts.synthesis.acoustic.onnx.layers import Layers
from wyoming_melotts.synthesis.acoustic.weights import Weights
from wyoming_serving.models.onnx_graphs import Graph


def build_flow(
    graph: Graph, config: AcousticConfig, weights: Weights, largest: int | None = None
) -> None:
    """Prior sample `prior` [frames, inter] and `speaker` [1] to `latent` [frames, inter].

    Each coupling layer lets the first half of the channels say what the second half loses; the
    channels are reversed between them. `largest` is the `largest_pair` of the 8-bit weights in the
    feed-forward layers, which are nine tenths of the work; None keeps floats. Measured with the
    demo voice, 8 bits move the mel spectrum by 0.09 dB on average.
    """
    layers = Layers(graph, weights)
    channels, half = config.inter_channels, config.inter_channels // 2
    z = graph.input("prior", np.float32, ["frames", channels])
    speaker = layers.speaker(config.n_speakers, config.gin_channels)
    shape = EncoderShape(
        config.hidden_channels,
        config.filter_channels,
        config.n_heads,
        config.n_layers_trans_flow,
        FLOW_KERNEL_SIZE,
        config.gin_channels,
        largest,
    )
    reverse = graph.ints(*reversed(range(channels)))
    for index in reversed(range(config.n_flow_layer)):
        # the odd positions of the checkpoint's list are the reversals, which have no weights
        name = f"flow.flows.{2 * index}"
        z = graph.add("Gather", z, reverse, axis=1)
        kept, changed = layers.part(z, 0, half), layers.part(z, half, channels)
        hidden = layers.project(kept, f"{name}.pre", config.hidden_channels, half)
        hidden = Encoder(layers, f"{name}.enc", shape).build(hidden, speaker)
        shift = layers.project(hidden, f"{name}.post", half, config.hidden_channels)
        z = graph.add("Concat", kept, graph.add("Sub", changed, shift), axis=1)
    graph.output("latent", z, np.float32, ["frames", channels])
