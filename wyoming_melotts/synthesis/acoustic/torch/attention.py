"""Transformer encoder with windowed relative positions, as VITS2's text encoder and flow use it."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wyoming_melotts.synthesis.acoustic.fixed_sizes import CONDITIONED_LAYER, WINDOW


class ChannelNorm(nn.Module):
    """Layer normalization over the channels of [1, channels, steps]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.empty(channels))
        self.beta = nn.Parameter(torch.empty(channels))

    def forward(self, x: Tensor) -> Tensor:
        x = F.layer_norm(x.transpose(1, 2), self.gamma.shape, self.gamma, self.beta)
        return x.transpose(1, 2)


class RelativeAttention(nn.Module):
    """Self-attention with learnt keys and values for near relative positions (Shaw et al. 2018)."""

    def __init__(self, channels: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        head_channels = channels // n_heads
        self.conv_q = nn.Conv1d(channels, channels, 1)
        self.conv_k = nn.Conv1d(channels, channels, 1)
        self.conv_v = nn.Conv1d(channels, channels, 1)
        self.conv_o = nn.Conv1d(channels, channels, 1)
        self.emb_rel_k = nn.Parameter(torch.empty(1, 2 * WINDOW + 1, head_channels))
        self.emb_rel_v = nn.Parameter(torch.empty(1, 2 * WINDOW + 1, head_channels))

    def forward(self, x: Tensor) -> Tensor:
        """[1, channels, steps] to the same shape."""
        query, key, value = (
            self._heads(conv(x)) for conv in (self.conv_q, self.conv_k, self.conv_v)
        )
        query = query / math.sqrt(query.shape[-1])
        padded_scores = F.pad(query @ key.transpose(1, 2), (WINDOW, WINDOW))
        _band(padded_scores).add_(query @ self.emb_rel_k.transpose(1, 2))
        weights = padded_scores[..., WINDOW:-WINDOW].softmax(-1)
        near_weights = _band(F.pad(weights, (WINDOW, WINDOW)))
        output = weights @ value + near_weights @ self.emb_rel_v
        output = self.conv_o(output.transpose(1, 2).reshape(x.shape))
        assert isinstance(output, Tensor)
        return output

    def _heads(self, x: Tensor) -> Tensor:
        """[1, channels, steps] to [heads, steps, channels of a head]."""
        return x.view(self.n_heads, -1, x.shape[-1]).transpose(1, 2)


def _band(padded: Tensor) -> Tensor:
    """The diagonals near the main one, as a view.

    [heads, steps, WINDOW + steps + WINDOW] to [heads, steps, 2 * WINDOW + 1], where entry (i, r)
    is the pair of step i and step i + r - WINDOW.
    """
    heads, steps, width = padded.shape
    return padded.as_strided((heads, steps, 2 * WINDOW + 1), (steps * width, width + 1, 1))


class FeedForward(nn.Module):
    """Two convolutions with a ReLU between."""

    def __init__(self, channels: int, filter_channels: int, kernel_size: int) -> None:
        super().__init__()
        padding = kernel_size // 2
        self.conv_1 = nn.Conv1d(channels, filter_channels, kernel_size, padding=padding)
        self.conv_2 = nn.Conv1d(filter_channels, channels, kernel_size, padding=padding)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv_2(self.conv_1(x).relu_())
        return x


class Encoder(nn.Module):
    """Attention and feed-forward layers, normalized after each, conditioned on the speaker."""

    def __init__(
        self,
        channels: int,
        filter_channels: int,
        n_heads: int,
        n_layers: int,
        kernel_size: int,
        speaker_channels: int,
    ) -> None:
        super().__init__()
        layers = range(n_layers)
        self.spk_emb_linear = nn.Linear(speaker_channels, channels)
        self.attn_layers = nn.ModuleList(RelativeAttention(channels, n_heads) for _ in layers)
        self.norm_layers_1 = nn.ModuleList(ChannelNorm(channels) for _ in layers)
        self.ffn_layers = nn.ModuleList(
            FeedForward(channels, filter_channels, kernel_size) for _ in layers
        )
        self.norm_layers_2 = nn.ModuleList(ChannelNorm(channels) for _ in layers)

    def forward(self, x: Tensor, speaker: Tensor) -> Tensor:
        """[1, channels, steps] and speaker [1, speaker channels, 1] to [1, channels, steps]."""
        layers = zip(
            self.attn_layers, self.norm_layers_1, self.ffn_layers, self.norm_layers_2, strict=True
        )
        for index, (attention, norm_1, feed_forward, norm_2) in enumerate(layers):
            if index == CONDITIONED_LAYER:
                x = x + self.spk_emb_linear(speaker[..., 0]).unsqueeze(-1)
            x = norm_1(x + attention(x))
            x = norm_2(x + feed_forward(x))
        return x
