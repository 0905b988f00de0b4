"""How long each token lasts: a deterministic and a stochastic predictor of log durations."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wyoming_melotts.synthesis.acoustic.fixed_sizes import (
    DURATION_CHANNELS,
    SPLINE_BINS,
    STOCHASTIC_FLOWS,
    TAIL_BOUND,
)
from wyoming_melotts.synthesis.acoustic.torch.attention import ChannelNorm
from wyoming_melotts.synthesis.acoustic.torch.spline import inverse_spline


class DurationPredictor(nn.Module):
    """Predicts log durations with two convolutions."""

    def __init__(self, channels: int, speaker_channels: int) -> None:
        super().__init__()
        self.conv_1 = nn.Conv1d(channels, DURATION_CHANNELS, 3, padding=1)
        self.norm_1 = ChannelNorm(DURATION_CHANNELS)
        self.conv_2 = nn.Conv1d(DURATION_CHANNELS, DURATION_CHANNELS, 3, padding=1)
        self.norm_2 = ChannelNorm(DURATION_CHANNELS)
        self.proj = nn.Conv1d(DURATION_CHANNELS, 1, 1)
        self.cond = nn.Conv1d(speaker_channels, channels, 1)

    def forward(self, hidden: Tensor, speaker: Tensor) -> Tensor:
        """[1, channels, tokens] to log durations [1, 1, tokens]."""
        x = hidden + self.cond(speaker)
        x = self.norm_1(self.conv_1(x).relu_())
        x = self.norm_2(self.conv_2(x).relu_())
        log_durations: Tensor = self.proj(x)
        return log_durations


class StochasticDurationPredictor(nn.Module):
    """Turns noise into log durations by a normalizing flow (Kim, Kong and Son 2021)."""

    def __init__(self, channels: int, speaker_channels: int) -> None:
        super().__init__()
        self.pre = nn.Conv1d(channels, channels, 1)
        self.cond = nn.Conv1d(speaker_channels, channels, 1)
        self.convs = SeparableConvolutions(channels)
        self.proj = nn.Conv1d(channels, channels, 1)
        self.flows = nn.ModuleDict({"0": ElementwiseAffine()})
        self.flows.update({str(index): SplineCoupling(channels) for index in STOCHASTIC_FLOWS})

    def forward(self, hidden: Tensor, speaker: Tensor, noise: Tensor) -> Tensor:
        """[1, channels, tokens] and noise [1, 2, tokens] to log durations [1, 1, tokens]."""
        condition = self.pre(hidden) + self.cond(speaker)
        condition = self.proj(self.convs(condition))
        z = noise
        for index in STOCHASTIC_FLOWS:
            z = self.flows[str(index)](z.flip(1), condition)
        z = self.flows["0"](z.flip(1))
        log_durations: Tensor = z[:, :1]
        return log_durations


class SeparableConvolutions(nn.Module):
    """Dilated, depth-wise separable convolutions with residual connections."""

    def __init__(self, channels: int, kernel_size: int = 3, n_layers: int = 3) -> None:
        super().__init__()
        dilations = [kernel_size**layer for layer in range(n_layers)]
        self.convs_sep = nn.ModuleList(
            nn.Conv1d(
                channels,
                channels,
                kernel_size,
                groups=channels,
                dilation=dilation,
                padding=dilation * (kernel_size // 2),
            )
            for dilation in dilations
        )
        self.convs_1x1 = nn.ModuleList(nn.Conv1d(channels, channels, 1) for _ in dilations)
        self.norms_1 = nn.ModuleList(ChannelNorm(channels) for _ in dilations)
        self.norms_2 = nn.ModuleList(ChannelNorm(channels) for _ in dilations)

    def forward(self, x: Tensor) -> Tensor:
        layers = zip(self.convs_sep, self.norms_1, self.convs_1x1, self.norms_2, strict=True)
        for conv_sep, norm_1, conv_1x1, norm_2 in layers:
            y = F.gelu(norm_1(conv_sep(x)))
            x = x + F.gelu(norm_2(conv_1x1(y)))
        return x


class ElementwiseAffine(nn.Module):
    """The inverse of y = m + exp(logs) * x on two channels."""

    def __init__(self) -> None:
        super().__init__()
        self.m = nn.Parameter(torch.empty(2, 1))
        self.logs = nn.Parameter(torch.empty(2, 1))

    def forward(self, y: Tensor) -> Tensor:
        return (y - self.m) * torch.exp(-self.logs)


class SplineCoupling(nn.Module):
    """Inverse coupling layer: the first channel chooses a spline that bends the second."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pre = nn.Conv1d(1, channels, 1)
        self.convs = SeparableConvolutions(channels)
        self.proj = nn.Conv1d(channels, 3 * SPLINE_BINS - 1, 1)
        self.scale = 1 / math.sqrt(channels)

    def forward(self, z: Tensor, condition: Tensor) -> Tensor:
        """[1, 2, tokens] and condition [1, channels, tokens] to [1, 2, tokens]."""
        kept, bent = z.chunk(2, dim=1)
        h = self.proj(self.convs(self.pre(kept) + condition)).transpose(1, 2)
        widths, heights, slopes = h.split((SPLINE_BINS, SPLINE_BINS, SPLINE_BINS - 1), dim=-1)
        inside = bent[:, 0].clamp(-TAIL_BOUND, TAIL_BOUND)
        unbent = inverse_spline(inside, widths * self.scale, heights * self.scale, slopes)
        unbent = torch.where(bent.abs() <= TAIL_BOUND, unbent.unsqueeze(1), bent)
        return torch.cat((kept, unbent), dim=1)
