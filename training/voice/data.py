"""The teacher's clips as tensors: samples, latents, ids and durations.

The latent is no network's: it is the log-mel spectrogram, each band shifted and scaled to mean 0
and deviation 1, and below it the pitch. So the decoder is a vocoder, text encoder and flow predict
spectrograms and melody, and both learn side by side. The pitch is there because a predicted
spectrogram is too smooth to show the harmonics.
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
from training.voice.synthesize import HOP_LENGTH, RATE_HZ, Spoken
from training.voice.voice_config import CONFIG, MEL_BANDS
from wyoming_melotts.synthesis.ids import TokenIds, token_ids
from wyoming_melotts.synthesis.symbols import LANGUAGE_CODES

_FFT_SIZE = 1024
_WINDOW_LENGTH = 800
_FLOOR = 1e-4
_VOICED_HZ = 70.0
"""The teacher's pitch is at least this where its source has harmonics; in silence it is 8."""
_MIDDLE_HZ, _SEMITONES = 210.0, 4.0
"""Pitch that is 0 in the latent, and how far from it is 1."""
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


class Corpus:
    """The clips of a folder of shards; `refresh` finds those that have come since."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._taken: set[Path] = set()
        self.clips: list[Clip] = []
        self.refresh()

    def refresh(self) -> None:
        """Load what is new."""
        shards = [path for path in self._folder.glob("train-*.npz") if ".partial" not in path.name]
        new = sorted(set(shards) - self._taken)
        if new:
            self._taken.update(new)
            scale = latent_scale(self._folder)
            self.clips += [_clip(*one, scale) for shard in new for one in spoken(shard)]
            print(f"{len(self.clips)} clips", flush=True)


def latent_scale(corpus: Path) -> tuple[Tensor, Tensor]:
    """Mean and deviation [bands, 1] of the log-mel spectrogram, measured once and kept."""
    path = corpus / "latent_scale.pt"
    if not path.exists():
        shards = sorted(corpus.glob("train-*[!l].npz"))
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


def spoken(shard: Path) -> Iterator[tuple[str, Spoken]]:
    """A shard's clips and what they say."""
    content = np.load(shard)
    audio = content["audio"].astype(np.float32) / 32768
    samples = np.split(audio, np.cumsum(content["samples"])[:-1])
    frames = np.split(content["frames"], np.cumsum(content["phones"])[:-1])
    ends = np.cumsum([counts.sum() for counts in frames])
    pitch = np.split(content["pitch"].astype(np.float32), ends[:-1])
    yield from zip(content["texts"].tolist(), map(Spoken, samples, frames, pitch), strict=True)


def melody(pitch: Tensor) -> Tensor:
    """Pitch in Hz, [frames], as two rows of a latent: how high, and whether it is voiced at all.

    Where nothing is voiced, the height goes straight from the last to the next that is.
    """
    voiced = np.flatnonzero(pitch.numpy() > _VOICED_HZ)
    heights = 12 / _SEMITONES * np.log2(pitch.numpy()[voiced] / _MIDDLE_HZ)
    through = np.interp(np.arange(len(pitch)), voiced, heights) if len(voiced) else 0 * pitch
    return torch.stack(
        (torch.as_tensor(through).float(), pitch.clamp(0, _VOICED_HZ) * 2 / _VOICED_HZ - 1)
    )


def _clip(text: str, said: Spoken, scale: tuple[Tensor, Tensor]) -> Clip:
    samples = torch.from_numpy(said.samples)
    bands = (log_mel(samples[None])[0] - scale[0]) / scale[1]
    latent = torch.cat((bands, melody(torch.from_numpy(said.pitch))))
    frames = torch.from_numpy(said.frames)
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
