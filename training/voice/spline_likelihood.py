"""The likelihood of durations under the stochastic predictor, whose runtime only samples.

The runtime applies the inverse of every flow, from noise to durations; here each flow runs forward
and gives the logarithm of its slope (Durkan et al. 2019, equations 4 and 5). The variational parts
of VITS's training are replaced by what they stand for: a duration's fraction of a frame is drawn
evenly, and the second channel is noise.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wyoming_melotts.synthesis.acoustic.fixed_sizes import TAIL_BOUND
from wyoming_melotts.synthesis.acoustic.torch.duration import (
    SeparableConvolutions,
    SplineCoupling,
    StochasticDurationPredictor,
)

_BINS = 10
_LEAST = 1e-3
_EDGE_LOGIT = math.log(math.exp(1 - _LEAST) - 1)
_FLOWS = ("3", "5", "7")


def negative_log_likelihood(
    predictor: StochasticDurationPredictor, hidden: Tensor, logs: Tensor, mask: Tensor,
    speaker: Tensor,
) -> Tensor:  # fmt: skip
    """Per token; `hidden` [batch, channels, tokens], log durations `logs` [batch, tokens]."""
    condition = predictor.pre(hidden) + predictor.cond(speaker)
    condition = predictor.proj(_convolve(predictor.convs, condition, mask)) * mask
    z = torch.stack((logs, torch.randn_like(logs)), dim=1)
    shift, log_scale = (predictor.flows["0"].get_parameter(name) for name in ("m", "logs"))
    z = shift + torch.exp(log_scale) * z
    log_slope = log_scale.sum() + torch.zeros_like(logs)
    for name in _FLOWS:
        z, more = _forward(predictor.flows[name], z.flip(1), condition, mask)
        log_slope = log_slope + more
    likelihood = -0.5 * (z.square() + math.log(2 * math.pi)).sum(1) + log_slope
    return -(likelihood * mask[:, 0]).sum() / mask.sum()


def _forward(
    coupling: nn.Module, z: Tensor, condition: Tensor, mask: Tensor
) -> tuple[Tensor, Tensor]:
    assert isinstance(coupling, SplineCoupling)
    kept, bent = z[:, :1], z[:, 1]
    h = coupling.proj(_convolve(coupling.convs, coupling.pre(kept) + condition, mask))
    widths, heights, slopes = h.transpose(1, 2).split((_BINS, _BINS, _BINS - 1), dim=-1)
    x = bent.clamp(-TAIL_BOUND + 1e-4, TAIL_BOUND - 1e-4)
    y, log_slope = _spline(x, widths * coupling.scale, heights * coupling.scale, slopes)
    inside = bent.abs() <= TAIL_BOUND - 1e-4
    y = torch.where(inside, y, bent)
    return torch.cat((kept, y[:, None]), dim=1), log_slope * inside


def _spline(x: Tensor, widths: Tensor, heights: Tensor, slopes: Tensor) -> tuple[Tensor, Tensor]:
    knots_x, knots_y = _knots(widths), _knots(heights)
    slope = _LEAST + F.softplus(F.pad(slopes, (1, 1), value=_EDGE_LOGIT))
    index = torch.searchsorted(knots_x[..., 1:-1].contiguous(), x.unsqueeze(-1), right=True)

    def at(values: Tensor, offset: int = 0) -> Tensor:
        return values.gather(-1, index + offset).squeeze(-1)

    left_x, left_y = at(knots_x), at(knots_y)
    width, height = at(knots_x, 1) - left_x, at(knots_y, 1) - left_y
    left, right, mean = at(slope), at(slope, 1), height / width
    t = (x - left_x) / width
    between = t * (1 - t)
    below = mean + (left + right - 2 * mean) * between
    y = left_y + height * (mean * t * t + left * between) / below
    rise = right * t * t + 2 * mean * between + left * (1 - t).square()
    return y, 2 * mean.log() + rise.log() - 2 * below.log()


def _knots(sizes: Tensor) -> Tensor:
    shares = _LEAST + (1 - _LEAST * _BINS) * F.softmax(sizes, dim=-1)
    inner = shares.cumsum(-1)[..., :-1] * (2 * TAIL_BOUND) - TAIL_BOUND
    return F.pad(F.pad(inner, (1, 0), value=-TAIL_BOUND), (0, 1), value=TAIL_BOUND)


def _convolve(convolutions: SeparableConvolutions, x: Tensor, mask: Tensor) -> Tensor:
    layers = zip(
        convolutions.convs_sep, convolutions.convs_1x1, convolutions.norms_1, convolutions.norms_2,
        strict=True,
    )  # fmt: skip
    for separable, pointwise, norm_1, norm_2 in layers:
        y = F.gelu(norm_1(separable(x * mask)))
        x = x + F.gelu(norm_2(pointwise(y)))
    return x * mask
