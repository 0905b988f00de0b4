"""The teacher's clips as tensors: samples, log-mel latents, ids and durations.

The latent is no network's: it is the log-mel spectrogram, each band shifted and scaled to mean 0
and deviation 1. So the decoder is a vocoder, text encoder and flow predict spectrograms, and both
learn side by side.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import librosa
import numpy as np
import torch
from torch import Tensor

from training.voice.reading import read
from training.voice.synthesize import HOP_LENGTH, RATE_HZ
from training.voice.voice_config import CONFIG, MEL_BANDS
from wyoming_melotts.synthesis.ids import TokenIds, token_ids
from wyoming_melotts.synthesis.symbols import LANGUAGE_CODES

_FFT_SIZE = 1024
_WINDOW_LENGTH = 800
_FLOOR = 1e-4
_SHARE_OF_NEXT = 4
"""A phone that the teacher joins with the next one gets one part in so many of it."""


@dataclass(frozen=True)
class Clip:
    """One sentence. `readings` has its ids as each front-end that may speak it gives them;
    `durations` [tokens] are frames and fit all of them."""

    text: str
    samples: Tensor
    latent: Tensor
    readings: list[TokenIds]
    durations: Tensor


def load_clips(corpus: Path, pattern: str = "train-*.npz", known: int = 0) -> list[Clip]:
    """The clips of all shards that fit `pattern`, but the first `known` shards."""
    scale = latent_scale(corpus)
    shards = sorted(corpus.glob(pattern), key=lambda path: path.stat().st_mtime)
    shards = [shard for shard in shards if ".partial" not in shard.name]
    return [_clip(*one, scale) for shard in shards[known:] for one in spoken(shard)]


def latent_scale(corpus: Path) -> tuple[Tensor, Tensor]:
    """Mean and deviation [bands, 1] of the log-mel spectrogram, measured once and kept."""
    path = corpus / "latent_scale.pt"
    if not path.exists():
        shards = sorted(corpus.glob("train-*.npz"))
        audio = np.concatenate([np.load(shard)["audio"] for shard in shards[:4]])
        bands = log_mel(torch.from_numpy(audio.astype(np.float32) / 32768)[None])[0]
        torch.save((bands.mean(1, keepdim=True), bands.std(1, keepdim=True)), path)
    mean, deviation = torch.load(path)
    return mean, deviation


def log_mel(samples: Tensor) -> Tensor:
    """[batch, samples] to [batch, bands, samples / HOP_LENGTH]."""
    edge = (_FFT_SIZE - HOP_LENGTH) // 2
    padded = torch.nn.functional.pad(samples[:, None], (edge, edge), mode="reflect")[:, 0]
    window = torch.hann_window(_WINDOW_LENGTH)
    spectrum = torch.stft(
        padded, _FFT_SIZE, HOP_LENGTH, _WINDOW_LENGTH, window, center=False, return_complex=True
    )
    magnitude = spectrum.abs().clamp_min(1e-7)
    return (_filters() @ magnitude).clamp_min(_FLOOR).log()


@cache
def _filters() -> Tensor:
    bank = librosa.filters.mel(sr=RATE_HZ, n_fft=_FFT_SIZE, n_mels=MEL_BANDS, htk=True, norm=None)
    return torch.from_numpy(bank / bank.sum(1, keepdims=True).clip(1e-6) * math.sqrt(MEL_BANDS))


def spoken(shard: Path) -> Iterator[tuple[str, Tensor, Tensor]]:
    """Text, samples and frames of each phone, of a shard's clips."""
    content = np.load(shard)
    audio = torch.from_numpy(content["audio"].astype(np.float32) / 32768)
    frames = torch.from_numpy(content["frames"])
    sizes, counts = content["samples"].tolist(), content["phones"].tolist()
    samples, durations = torch.split(audio, sizes), torch.split(frames, counts)
    yield from zip(content["texts"].tolist(), samples, durations, strict=True)


def _clip(text: str, samples: Tensor, frames: Tensor, scale: tuple[Tensor, Tensor]) -> Clip:
    latent = (log_mel(samples[None])[0] - scale[0]) / scale[1]
    return Clip(text, samples, latent, readings(text), token_durations(frames))


def readings(text: str) -> list[TokenIds]:
    """A sentence's ids by the ZH front-end and, where it is all English, by EN."""
    languages = ["ZH", "EN"] if text.isascii() else ["ZH"]
    ids = [token_ids(read(text, key), LANGUAGE_CODES[key], CONFIG) for key in languages]
    return [one for one in ids if len(one.phones) == len(ids[0].phones)]


def token_durations(frames: Tensor) -> Tensor:
    """Frames of phones to frames of phones and the blanks around them.

    A phone's second half is its blank's; the blank before the first phone takes one frame of it.
    """
    frames = frames.clone()
    for index in range(len(frames) - 1):
        if frames[index] < (2 if index else 4):
            part = max(2, int(frames[index + 1]) // _SHARE_OF_NEXT // 2 * 2)
            frames[index] += part
            frames[index + 1] -= part
    blanks = frames // 2
    durations = torch.stack((frames - blanks, blanks), dim=1).flatten()
    durations[0] -= 1
    return torch.cat((torch.ones(1, dtype=torch.int64), durations))
