"""The runtime's networks over batches, with gradients.

The runtime's modules hold the weights, so a trained model has the names of a checkpoint; here is
only their arithmetic for many sentences at once. `mask` is [batch, 1, steps], 1 where a sentence
still goes on. `speaker` is [1, gin_channels, 1].
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wyoming_melotts.synthesis.acoustic.fixed_sizes import CONDITIONED_LAYER, WINDOW
from wyoming_melotts.synthesis.acoustic.torch.attention import (
    Encoder,
    FeedForward,
    RelativeAttention,
)
from wyoming_melotts.synthesis.acoustic.torch.attention import _band as band
from wyoming_melotts.synthesis.acoustic.torch.decoder import Decoder, ResidualBlock
from wyoming_melotts.synthesis.acoustic.torch.duration import DurationPredictor
from wyoming_melotts.synthesis.acoustic.torch.flow import TransformerCoupling, TransformerFlow
from wyoming_melotts.synthesis.acoustic.torch.text_encoder import TextEncoder

_SLOPE = 0.1


def encode_text(
    encoder: TextEncoder, phones: Tensor, tones: Tensor, languages: Tensor, mask: Tensor,
    speaker: Tensor,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Ids [batch, tokens] to hidden states and prior means [batch, channels, tokens]."""
    embedded = encoder.emb(phones) + encoder.tone_emb(tones) + encoder.language_emb(languages)
    embedded = embedded.transpose(1, 2) * math.sqrt(embedded.shape[-1])
    hidden = encode(encoder.encoder, embedded, mask, speaker)
    return hidden, encoder.proj(hidden).chunk(2, dim=1)[0] * mask


def flow_to_latent(flow: TransformerFlow, z: Tensor, mask: Tensor, speaker: Tensor) -> Tensor:
    """Prior [batch, inter, frames] to latent of the same shape."""
    for coupling in reversed(list(flow.flows.values())):
        assert isinstance(coupling, TransformerCoupling)
        kept, changed = z.flip(1).chunk(2, dim=1)
        shift = coupling.post(encode(coupling.enc, coupling.pre(kept), mask, speaker))
        z = torch.cat((kept, changed - shift), dim=1) * mask
    return z


def encode(encoder: Encoder, x: Tensor, mask: Tensor, speaker: Tensor) -> Tensor:
    """[batch, channels, steps] to the same shape."""
    x = x * mask
    layers = zip(
        encoder.attn_layers, encoder.norm_layers_1, encoder.ffn_layers, encoder.norm_layers_2,
        strict=True,
    )  # fmt: skip
    for index, (attention, norm_1, feed_forward, norm_2) in enumerate(layers):
        if index == CONDITIONED_LAYER:
            x = x + encoder.spk_emb_linear(speaker[..., 0]).unsqueeze(-1)
        x = norm_1(x + _attend(attention, x, mask))
        x = norm_2(x + _feed_forward(feed_forward, x, mask)) * mask
    return x


def _attend(attention: nn.Module, x: Tensor, mask: Tensor) -> Tensor:
    assert isinstance(attention, RelativeAttention)
    batch, channels, steps = x.shape
    heads = attention.n_heads

    def split(conv: nn.Conv1d) -> Tensor:
        projected: Tensor = conv(x)
        return projected.reshape(batch * heads, channels // heads, steps).transpose(1, 2)

    query = split(attention.conv_q) / math.sqrt(channels // heads)
    padded = F.pad(query @ split(attention.conv_k).transpose(1, 2), (WINDOW, WINDOW))
    band(padded).add_(query @ attention.emb_rel_k.transpose(1, 2))
    outside = (mask == 0).repeat_interleave(heads, dim=0)
    weights = padded[..., WINDOW:-WINDOW].masked_fill(outside, -1e4).softmax(-1)
    near = band(F.pad(weights, (WINDOW, WINDOW)))
    output = weights @ split(attention.conv_v) + near @ attention.emb_rel_v
    joined: Tensor = attention.conv_o(output.transpose(1, 2).reshape(batch, channels, steps))
    return joined


def _feed_forward(layer: nn.Module, x: Tensor, mask: Tensor) -> Tensor:
    assert isinstance(layer, FeedForward)
    y: Tensor = layer.conv_2(layer.conv_1(x * mask).relu() * mask)
    return y


def predict_durations(
    predictor: DurationPredictor, hidden: Tensor, mask: Tensor, speaker: Tensor
) -> Tensor:
    """Log durations [batch, tokens] of the deterministic predictor."""
    x = (hidden + predictor.cond(speaker)) * mask
    x = predictor.norm_1(predictor.conv_1(x).relu()) * mask
    x = predictor.norm_2(predictor.conv_2(x).relu()) * mask
    log_durations: Tensor = predictor.proj(x)[:, 0]
    return log_durations


def decode(decoder: Decoder, latent: Tensor, speaker: Tensor) -> Tensor:
    """Latent [batch, inter, frames] to samples [batch, frames * hop_length]."""
    x = latent.unsqueeze(2).contiguous(memory_format=torch.channels_last)
    x = _same(decoder.conv_pre, x) + decoder.cond(speaker.unsqueeze(2))
    per_stage = len(decoder.config.resblock_kernel_sizes)
    for index, up in enumerate(decoder.ups):
        assert isinstance(up, nn.ConvTranspose2d)
        padding = (up.kernel_size[1] - up.stride[1]) // 2
        x = F.conv_transpose2d(
            F.leaky_relu(x, _SLOPE), up.weight, up.bias, up.stride, padding=(0, padding)
        )
        blocks = list(decoder.resblocks)[index * per_stage : (index + 1) * per_stage]
        x = torch.stack([_residual(block, x) for block in blocks]).mean(0)
    return torch.tanh(_same(decoder.conv_post, F.leaky_relu(x))).flatten(1)


def _residual(block: nn.Module, x: Tensor) -> Tensor:
    assert isinstance(block, ResidualBlock)
    for dilated, plain in zip(block.convs1, block.convs2, strict=True):
        y = _same(dilated, F.leaky_relu(x, _SLOPE))
        x = x + _same(plain, F.leaky_relu(y, _SLOPE))
    return x


def _same(conv: nn.Module, x: Tensor) -> Tensor:
    """With as much padding as keeps the length."""
    assert isinstance(conv, nn.Conv2d)
    padding = conv.dilation[1] * (conv.kernel_size[1] - 1) // 2
    return F.conv2d(x, conv.weight, conv.bias, padding=(0, padding), dilation=conv.dilation)
