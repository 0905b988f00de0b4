"""Judges of sound that learn against the decoder: spectrograms of three resolutions.

Each sees real and imaginary parts, with their size flattened by a root, as in EnCodec ("High
Fidelity Neural Audio Compression", Defossez et al. 2022), but far narrower: on a CPU the judges
would otherwise cost more than the decoder.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_SIZES = (1024, 512, 256)
"""Of the Fourier transforms; a step is a quarter."""
_CHANNELS = 16
_SLOPE = 0.2

Opinion = tuple[Tensor, list[Tensor]]
"""Scores, near 1 for the teacher's speech and 0 for the decoder's, and the features before them."""


class Judges(nn.Module):
    """All of them; each gives scores and features for samples [batch, samples]."""

    def __init__(self) -> None:
        super().__init__()
        self._judges = nn.ModuleList(_Judge(size) for size in _SIZES)

    def forward(self, samples: Tensor) -> list[Opinion]:
        """One opinion of each judge."""
        return [judge(samples) for judge in self._judges]


class _Judge(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size
        wide, norm = _CHANNELS, nn.utils.parametrizations.weight_norm
        self._layers = nn.ModuleList([
            norm(nn.Conv2d(2, wide, (7, 3), padding=(3, 1))),
            *(
                norm(nn.Conv2d(wide, wide, (7, 3), (2, 1), (3, dilation), (1, dilation)))
                for dilation in (1, 2, 4)
            ),
            norm(nn.Conv2d(wide, wide, 3, padding=1)),
        ])  # fmt: skip
        self._last = norm(nn.Conv2d(wide, 1, 3, padding=1))

    def forward(self, samples: Tensor) -> Opinion:
        window = torch.hann_window(self._size)
        spectrum = torch.stft(
            samples, self._size, self._size // 4, window=window, return_complex=True
        )
        size = (spectrum.real.square() + spectrum.imag.square() + 1e-6) ** -0.35
        x = torch.stack((spectrum.real * size, spectrum.imag * size), dim=1)
        features = []
        for layer in self._layers:
            x = F.leaky_relu(layer(x), _SLOPE)
            features.append(x)
        return self._last(x), features


def told_apart(real: list[Opinion], made: list[Opinion]) -> Tensor:
    """What the judges minimize: the squared distance of their scores from the truth."""
    parts = [
        (scores - 1).square().mean() + wrong.square().mean()
        for (scores, _), (wrong, _) in zip(real, made, strict=True)
    ]
    return torch.stack(parts).mean()


def found_real(made: list[Opinion]) -> Tensor:
    """What the decoder minimizes: how far it is from being taken for the teacher."""
    return torch.stack([(scores - 1).square().mean() for scores, _ in made]).mean()


def features_apart(real: list[Opinion], made: list[Opinion]) -> Tensor:
    """The distance between what the judges see of both, in units of what they see of the first."""

    def parts() -> Iterator[Tensor]:
        for (_, seen), (_, seen_made) in zip(real, made, strict=True):
            for one, other in zip(seen, seen_made, strict=True):
                yield F.l1_loss(other, one.detach()) / one.detach().abs().mean()

    return torch.stack(list(parts())).mean()
