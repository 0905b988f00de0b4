"""What the training minimizes: CTC with label priors, and a uniform alignment to begin with."""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

from training.recognizer.batches import IGNORED

_PRIOR_WEIGHT = 0.3
_RAREST = 1e-4
_PRIOR_DECAY = 0.99
_LAST_BIAS = "ctc.ctc_lo.bias"


class LabelPriors:
    """How often the network names each token, as a running mean.

    Posteriors divided by a power of it keep CTC from leaning on the blank ("Less Peaky and More
    Accurate CTC Forced Alignment by Label Priors", Huang et al. 2024). The division is a constant
    added to the logits, so `export` adds it to the last layer's bias.
    """

    def __init__(self, tokens: int) -> None:
        self.mean = torch.full((tokens,), 1 / tokens)

    def offset(self) -> torch.Tensor:
        """What to add to the logits of each token, shape [tokens]."""
        return -_PRIOR_WEIGHT * self.mean.clamp_min(_RAREST).log()

    def observe(self, logits: torch.Tensor, frames: torch.Tensor) -> None:
        """Take in what the network says of sounds of `frames` lengths, [batch, frames, tokens]."""
        there = torch.arange(logits.shape[1])[None] < frames[:, None]
        seen = logits.detach()[there].softmax(dim=-1).mean(dim=0)
        self.mean.lerp_(seen, 1 - _PRIOR_DECAY)


def ctc(logits: torch.Tensor, frames: torch.Tensor, units: list[list[int]]) -> torch.Tensor:
    """CTC loss per unit; id 0 is the blank, and what does not fit into its frames is left out."""
    flat = torch.tensor([unit for row in units for unit in row])
    loss = F.ctc_loss(
        logits.log_softmax(dim=-1).transpose(0, 1), flat, frames,
        torch.tensor([len(row) for row in units]), reduction="sum", zero_infinity=True,
    )  # fmt: skip
    return loss / max(1, len(flat))


def uniform(
    logits: torch.Tensor,
    frames: torch.Tensor,
    units: list[list[int]],
    lengths: Callable[[list[int]], list[int]],
) -> torch.Tensor:
    """Cross entropy where each unit takes a share of the frames, by its `lengths`."""
    targets = torch.full(logits.shape[:2], IGNORED)
    for row, (ids, count) in enumerate(zip(units, frames.tolist(), strict=True)):
        if ids:
            ends = np.cumsum(lengths(ids))
            places = (np.arange(count) + 0.5) / count * ends[-1]
            targets[row, :count] = torch.tensor(ids)[np.searchsorted(ends, places)]
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED)


def with_priors(weights: dict[str, torch.Tensor], priors: LabelPriors) -> dict[str, torch.Tensor]:
    """The model's weights with the priors' offset in the last layer's bias."""
    return {**weights, _LAST_BIAS: weights[_LAST_BIAS] + priors.offset()}
