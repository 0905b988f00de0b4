"""HiFi-GAN: latent frames become samples."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wyoming_melotts.acoustic.config import AcousticConfig

_SLOPE = 0.1
"""Of the leaky ReLUs inside; the last one has torch's default 0.01, as upstream."""


class ResidualBlock(nn.Module):
    """Pairs of a dilated and a plain convolution, each pair added to its input."""

    def __init__(self, channels: int, kernel_size: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        radius = kernel_size // 2
        self.convs1 = nn.ModuleList(
            nn.Conv1d(channels, channels, kernel_size, dilation=d, padding=radius * d)
            for d in dilations
        )
        self.convs2 = nn.ModuleList(
            nn.Conv1d(channels, channels, kernel_size, padding=radius) for _ in dilations
        )

    def forward(self, x: Tensor) -> Tensor:
        for dilated, plain in zip(self.convs1, self.convs2, strict=True):
            y = F.leaky_relu(dilated(F.leaky_relu(x, _SLOPE)), _SLOPE, inplace=True)
            x = plain(y).add_(x)
        return x


class Decoder(nn.Module):
    """Upsamples a latent to audio (Kong, Kim and Bae 2020)."""

    def __init__(self, config: AcousticConfig) -> None:
        super().__init__()
        self.config = config
        width = config.upsample_initial_channel
        self.conv_pre = nn.Conv1d(config.inter_channels, width, 7, padding=3)
        self.cond = nn.Conv1d(config.gin_channels, width, 1)
        self.ups = nn.ModuleList()
        self.resblocks = nn.ModuleList()
        for rate, kernel_size in zip(
            config.upsample_rates, config.upsample_kernel_sizes, strict=True
        ):
            padding = (kernel_size - rate) // 2
            self.ups.append(nn.ConvTranspose1d(width, width // 2, kernel_size, rate, padding))
            width //= 2
            self.resblocks.extend(
                ResidualBlock(width, *shape)
                for shape in zip(
                    config.resblock_kernel_sizes, config.resblock_dilation_sizes, strict=True
                )
            )
        self.conv_post = nn.Conv1d(width, 1, 7, padding=3, bias=False)

    def forward(self, z: Tensor, speaker: Tensor) -> Tensor:
        """[1, inter, frames] and [1, speaker channels, 1] to samples [1, 1, frames * hop]."""
        x = self.conv_pre(z) + self.cond(speaker)
        n_blocks = len(self.config.resblock_kernel_sizes)
        for stage, up in enumerate(self.ups):
            x = up(F.leaky_relu(x, _SLOPE, inplace=True))
            blocks = self.resblocks[stage * n_blocks : (stage + 1) * n_blocks]
            total = blocks[0](x)
            for block in blocks[1:]:
                total = total.add_(block(x))
            x = total.div_(n_blocks)
        return torch.tanh(self.conv_post(F.leaky_relu(x, inplace=True)))


def context_frames(config: AcousticConfig) -> int:
    """Latent frames on each side that a sample depends on.

    Walks from a sample back to the frames. A convolution of kernel k and dilation d reaches
    d * (k - 1) / 2 to each side; a transposed one of kernel k and rate u, padded by (k - u) / 2,
    reaches from r outputs to at most (r + (k + u) / 2 - 1) / u inputs.
    """
    reach = 3
    block_reach = max(
        sum((kernel_size // 2) * (dilation + 1) for dilation in dilations)
        for kernel_size, dilations in zip(
            config.resblock_kernel_sizes, config.resblock_dilation_sizes, strict=True
        )
    )
    stages = zip(config.upsample_rates, config.upsample_kernel_sizes, strict=True)
    for rate, kernel_size in reversed(list(stages)):
        reach += block_reach
        reach = math.ceil((reach + (kernel_size + rate) // 2 - 1) / rate)
    return reach + 3
