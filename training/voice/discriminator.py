"""Small discriminators for the end of the decoder's training: some see the samples folded by a
period (Kong, Kim and Bae 2020), some spectrograms (Jang et al. 2021)."""

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_PERIODS = (2, 3, 5, 7)
_FFT_SIZES = (1024, 512, 256)
_SLOPE = 0.1

Judgement = tuple[Tensor, list[Tensor]]
"""Scores, and the features of each layer."""


class Discriminators(nn.Module):
    """All of them; least-squares losses (Mao et al. 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.of_periods = nn.ModuleList(_period_layers() for _ in _PERIODS)
        self.of_spectra = nn.ModuleList(_spectrum_layers() for _ in _FFT_SIZES)

    def own_loss(self, made: Tensor, target: Tensor) -> Tensor:
        """What the discriminators are to lessen; samples [batch, samples]."""
        total = made.new_zeros(())
        for scores, _ in self._judge(torch.cat((target, made))):
            real, fake = scores.chunk(2)
            total = total + (real - 1).square().mean() + fake.square().mean()
        return total / (len(_PERIODS) + len(_FFT_SIZES))

    def generator_losses(self, made: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """What the decoder is to lessen: being recognised, and features unlike the target's."""
        fooled, matching, layers = made.new_zeros(()), made.new_zeros(()), 0
        for scores, features in self._judge(torch.cat((target, made))):
            fooled = fooled + (scores.chunk(2)[1] - 1).square().mean()
            for feature in features:
                real, fake = feature.chunk(2)
                matching = matching + F.l1_loss(fake, real.detach())
                layers += 1
        return fooled / (len(_PERIODS) + len(_FFT_SIZES)), matching / layers * 5

    def _judge(self, samples: Tensor) -> list[Judgement]:
        inputs = [_folded(samples, period) for period in _PERIODS]
        inputs += [_spectrogram(samples, size) for size in _FFT_SIZES]
        networks = [*self.of_periods, *self.of_spectra]
        return [_run(network, x) for network, x in zip(networks, inputs, strict=True)]


def _run(layers: nn.Module, x: Tensor) -> Judgement:
    assert isinstance(layers, nn.ModuleList)
    features = []
    for layer in layers[:-1]:
        x = F.leaky_relu(layer(x), _SLOPE)
        features.append(x)
    return layers[-1](x), features


def _folded(samples: Tensor, period: int) -> Tensor:
    whole = samples.shape[-1] // period * period
    return samples[:, :whole].reshape(len(samples), 1, -1, period)


def _spectrogram(samples: Tensor, size: int) -> Tensor:
    window = torch.hann_window(size)
    spectrum = torch.stft(samples, size, size // 4, window=window, return_complex=True)
    power = spectrum.real.square() + spectrum.imag.square()
    logs: Tensor = ((power + 1e-8).sqrt() / size**0.5 + 1e-3).log()
    return logs.unsqueeze(1)


def _period_layers() -> nn.ModuleList:
    widths = (1, 16, 32, 64)
    down = [nn.Conv2d(a, b, (5, 1), (3, 1), (2, 0)) for a, b in itertools.pairwise(widths)]
    return nn.ModuleList([*down, nn.Conv2d(64, 64, (5, 1), 1, (2, 0)), nn.Conv2d(64, 1, (3, 1))])


def _spectrum_layers() -> nn.ModuleList:
    widths = (1, 16, 16, 32)
    down = [nn.Conv2d(a, b, (5, 3), (2, 1), (2, 1)) for a, b in itertools.pairwise(widths)]
    return nn.ModuleList([*down, nn.Conv2d(32, 32, 3, 1, 1), nn.Conv2d(32, 1, 3)])
