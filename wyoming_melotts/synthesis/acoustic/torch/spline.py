"""Monotonic rational-quadratic splines, inverted (Durkan et al. 2019, Neural Spline Flows)."""

import torch
from torch import Tensor
from torch.nn import functional as F

from wyoming_melotts.synthesis.acoustic.fixed_sizes import (
    EDGE_LOGIT,
    LEAST_BIN,
    LEAST_SLOPE,
    TAIL_BOUND,
)


def inverse_spline(y: Tensor, widths: Tensor, heights: Tensor, slopes: Tensor) -> Tensor:
    """Find x with spline(x) = y.

    Args:
        y: [...] within the spline's span.
        widths: [..., bins], unnormalized.
        heights: [..., bins], unnormalized.
        slopes: [..., bins - 1] at the inner knots, before softplus.

    Returns:
        x: [...].
    """
    knots_x, knots_y = _knots(widths), _knots(heights)
    slope = LEAST_SLOPE + F.softplus(F.pad(slopes, (1, 1), value=EDGE_LOGIT))
    index = torch.searchsorted(knots_y[..., 1:-1].contiguous(), y.unsqueeze(-1), right=True)

    def at(values: Tensor, offset: int = 0) -> Tensor:
        return values.gather(-1, index + offset).squeeze(-1)

    left_x, left_y = at(knots_x), at(knots_y)
    width, height = at(knots_x, 1) - left_x, at(knots_y, 1) - left_y
    left_slope, right_slope = at(slope), at(slope, 1)
    mean_slope = height / width
    rise = y - left_y
    # equation 29 to 32 of the paper; the root below is stable where a is near zero
    bend = rise * (left_slope + right_slope - 2 * mean_slope)
    a = bend + height * (mean_slope - left_slope)
    b = height * left_slope - bend
    c = -mean_slope * rise
    root = 2 * c / (-b - torch.sqrt((b * b - 4 * a * c).clamp_min(0)))
    return root * width + left_x


def _knots(sizes: Tensor) -> Tensor:
    """Unnormalized bin sizes [..., bins] to knot positions [..., bins + 1] over the span."""
    bins = sizes.shape[-1]
    shares = LEAST_BIN + (1 - LEAST_BIN * bins) * F.softmax(sizes, dim=-1)
    inner = shares.cumsum(-1)[..., :-1] * (2 * TAIL_BOUND) - TAIL_BOUND
    return F.pad(F.pad(inner, (1, 0), value=-TAIL_BOUND), (0, 1), value=TAIL_BOUND)
