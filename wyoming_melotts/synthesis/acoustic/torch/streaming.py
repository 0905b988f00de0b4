"""Convolutions over a signal that arrives in chunks.

Each stream keeps the little that later output needs of earlier input, so that the outputs, joined,
are what one convolution over the whole signal gives, and nothing is computed twice. An output
comes as soon as the input it depends on has arrived; `final` marks the last chunk. Signals are
[1, channels, 1, steps], channels last in memory, which is the layout that CPUs convolve fastest.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ConvStream:
    """A convolution of odd kernel size whose zero padding keeps the length."""

    def __init__(self, conv: nn.Module) -> None:
        assert isinstance(conv, nn.Conv2d)
        self._conv = conv
        self._padding = conv.dilation[1] * (conv.kernel_size[1] // 2)
        self._history: Tensor | None = None

    def push(self, x: Tensor, final: bool) -> Tensor:
        """Give the outputs that `x` completes, perhaps none."""
        if self._history is None:
            self._history = _zeros(x, self._padding)
        end = [_zeros(x, self._padding)] if final else []
        x = _join(self._history, x, *end)
        span = 2 * self._padding
        self._history = x[..., max(0, x.shape[-1] - span) :]
        if x.shape[-1] <= span:
            return x.new_empty(1, self._conv.out_channels, 1, 0)
        conv = self._conv
        return F.conv2d(x, conv.weight, conv.bias, dilation=conv.dilation)


class UpsamplingStream:
    """A transposed convolution of kernel k and rate u, padded by (k - u) / 2."""

    def __init__(self, conv: nn.Module) -> None:
        assert isinstance(conv, nn.ConvTranspose2d)
        self._conv = conv
        self._rate = conv.stride[1]
        kernel_size = conv.kernel_size[1]
        self._padding = (kernel_size - self._rate) // 2
        self._to_skip = self._padding
        self._overlap = -(-kernel_size // self._rate) - 1
        """Earlier inputs that an output depends on."""
        self._history: Tensor | None = None

    def push(self, x: Tensor, final: bool) -> Tensor:
        """Give the outputs that `x` completes, perhaps none."""
        if self._history is None:
            self._history = _zeros(x, self._overlap)
        x = _join(self._history, x)
        self._history = x[..., x.shape[-1] - self._overlap :]
        start = self._overlap * self._rate
        end = x.shape[-1] * self._rate + (self._padding if final else 0)
        skipped = min(self._to_skip, end - start)
        self._to_skip -= skipped
        if start + skipped == end:
            return x.new_empty(1, self._conv.out_channels, 1, 0)
        conv = self._conv
        y = F.conv_transpose2d(x, conv.weight, conv.bias, stride=conv.stride)
        return y[..., start + skipped : end]


class SumStream:
    """Adds signals that arrive at different times."""

    def __init__(self) -> None:
        self._waiting: list[Tensor] | None = None

    def push(self, parts: Sequence[Tensor]) -> Tensor:
        """Give the sum as far as all signals have arrived."""
        if self._waiting is not None:
            pairs = zip(self._waiting, parts, strict=True)
            parts = [_join(*pair) for pair in pairs]
        arrived = min(part.shape[-1] for part in parts)
        total = parts[0][..., :arrived] + parts[1][..., :arrived]
        for part in parts[2:]:
            total += part[..., :arrived]
        self._waiting = [part[..., arrived:] for part in parts]
        return total


def _zeros(like: Tensor, steps: int) -> Tensor:
    return like.new_zeros(1, 1, steps, like.shape[1]).permute(0, 3, 1, 2)


def _join(*parts: Tensor) -> Tensor:
    """Signals one after the other; in the memory's order this is a plain copy."""
    return torch.cat([part.permute(0, 2, 3, 1) for part in parts], dim=2).permute(0, 3, 1, 2)
