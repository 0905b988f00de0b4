"""Other rooms, microphones and speakers, made from a clean log-mel spectrogram.

Everything works on log power, shape [10 ms frames, 80 mels], in natural units (2.3 = 10 dB): a
microphone's colour and a gain are sums there, noise a log-sum, a faster or deeper voice a warped
image. That costs a millisecond a clip, where filters on the waveform cost more than the training.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

from training.recognizer.data import MELS
from training.recognizer.features import FLOOR

_DECIBEL = math.log(10) / 10
Change = Callable[[torch.Tensor, np.random.Generator, float], torch.Tensor]


def augment(mel: torch.Tensor, rng: np.random.Generator, strength: float) -> torch.Tensor:
    """A variant of `mel`; `strength` goes from 0 (only another silence around it) to 1."""
    changes: list[Change] = [_voice, _room, _microphone, _noise, _masks]
    for change in changes:
        if rng.random() < 0.9 * strength:
            mel = change(mel, rng, strength)
    return mel


def surround(mel: torch.Tensor, speech: slice, rng: np.random.Generator) -> torch.Tensor:
    """The speech with up to 0.3 s of near silence before and behind it."""
    lead, trail = (int(frames) for frames in rng.integers(3, 31, 2))
    level = rng.uniform(-10, 2)
    ends = (_hiss(frames, level, rng) for frames in (lead, trail))
    return torch.cat([next(ends), mel[speech], next(ends)])


def _voice(mel: torch.Tensor, rng: np.random.Generator, strength: float) -> torch.Tensor:
    """Another tempo (+-18 %) and another length of the vocal tract (+-12 %)."""
    tempo = math.exp(strength * rng.uniform(-0.18, 0.18))
    stretch = math.exp(strength * rng.uniform(-0.12, 0.12))
    frames = round(len(mel) / tempo)
    hertz = 700 * (np.exp(np.linspace(_to_mel(20), _to_mel(8000), MELS) / 1127) - 1)
    warped = (_to_mel(hertz * stretch) - _to_mel(20)) / (_to_mel(8000) - _to_mel(20))
    across = torch.from_numpy(np.clip(warped, 0, 1) * 2 - 1).float().expand(frames, MELS)
    along = torch.linspace(-1, 1, frames)[:, None].expand(frames, MELS)
    grid = torch.stack([across, along], dim=-1)[None]
    image = F.grid_sample(mel[None, None], grid, padding_mode="border", align_corners=True)
    return image[0, 0]


def _to_mel(hertz: float | np.ndarray) -> np.ndarray:
    return np.asarray(1127 * np.log1p(np.asarray(hertz) / 700))


def _room(mel: torch.Tensor, rng: np.random.Generator, strength: float) -> torch.Tensor:
    """A reverberant tail, 0.15 to 0.6 s to fall by 60 dB, 3 to 15 dB below the direct sound."""
    if rng.random() < 0.5:
        return mel
    decay = 60 * _DECIBEL * 0.01 / rng.uniform(0.15, 0.6)
    tail = torch.exp(-decay * torch.arange(1, 40))
    tail *= 10 ** (-rng.uniform(3, 15) / 10) * strength / tail.sum()
    kernel = torch.cat([torch.ones(1), tail]).flip(0)
    power = F.pad(mel.exp().T[:, None], (len(kernel) - 1, 0))
    return F.conv1d(power, kernel[None, None])[:, 0].T.clamp_min(1e-7).log()


def _microphone(mel: torch.Tensor, rng: np.random.Generator, strength: float) -> torch.Tensor:
    """Gain -20 to +5 dB, a smooth colour of some decibels, at times an upper band limit."""
    colour = _curve(rng, 4 * strength) + rng.uniform(-20, 5) * strength
    mel = mel + torch.from_numpy(colour * _DECIBEL).float()
    if rng.random() < 0.15 * strength:
        mel[:, int(rng.integers(60, MELS)) :] -= rng.uniform(2, 8)
    return mel.clamp_min(FLOOR)


def _curve(rng: np.random.Generator, spread: float) -> np.ndarray:
    """A smooth random curve over the mels."""
    knots = rng.normal(0, spread, 6)
    return np.interp(np.linspace(0, 5, MELS), np.arange(6), knots)


def _noise(mel: torch.Tensor, rng: np.random.Generator, strength: float) -> torch.Tensor:
    """Coloured noise 8 to 45 dB below the loudest speech."""
    ratio_db = 45 - strength * rng.uniform(0, 37)
    level = float(mel.max()) - 2 - ratio_db * _DECIBEL
    return torch.logaddexp(mel, _hiss(len(mel), level, rng))


def _hiss(frames: int, level: float, rng: np.random.Generator) -> torch.Tensor:
    sway = np.interp(np.arange(frames), np.arange(0, frames + 20, 20), rng.normal(
        0, rng.uniform(0, 1), len(np.arange(0, frames + 20, 20))))  # fmt: skip
    colour = _curve(rng, 1.2)
    grain = rng.normal(0, 0.6, (frames, MELS))
    return torch.from_numpy(level + sway[:, None] + colour + grain).float().clamp_min(FLOOR)


def _masks(mel: torch.Tensor, rng: np.random.Generator, strength: float) -> torch.Tensor:
    """SpecAugment: up to two bands and two spans of time at the average level."""
    mel = mel.clone()
    filling = mel.mean()
    for _ in range(int(rng.integers(0, 3))):
        width = int(rng.integers(0, 1 + int(14 * strength)))
        start = int(rng.integers(0, MELS - width))
        mel[:, start : start + width] = filling
    for _ in range(int(rng.integers(0, 3))):
        width = int(rng.integers(0, 1 + int(12 * strength)))
        start = int(rng.integers(0, max(1, len(mel) - width)))
        mel[start : start + width] = filling
    return mel
