"""Log-mel spectrograms of speech in 8 bit, cached on disk: each clip clean and degraded.

A block of an index's lines is a file, so that only the new clips of a growing corpus cost time. A
step of 0.16 nepers of power is less than a tenth of what a voice varies.
"""

import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from tqdm import tqdm

from training.recognizer.rooms import Sound, degrade
from training.recognizer.speech import Recording
from wyoming_funasr.audio.fbank import FbankStream
from wyoming_funasr.recognition.types import FbankSettings

VARIANTS = 3
"""The clean clip, and two degraded ones."""
FLOOR = -15.95
"""What the front-end gives for digital silence."""
_STEP = 0.16
_BLOCK = 250
Codes = npt.NDArray[np.uint8]
"""A coded log-mel spectrogram, shape [10 ms frames, 80]."""


def log_mel(sound: Sound) -> torch.Tensor:
    """Log-mel power, shape [10 ms frames, 80], as the service computes it."""
    stream = FbankStream(FbankSettings())
    stream.take(sound)
    return torch.from_numpy(stream.between(0, len(sound)))


def encode(mel: torch.Tensor) -> Codes:
    """One byte a value, from the floor up."""
    codes = ((mel - FLOOR) / _STEP).round().clamp(0, 255)
    return np.asarray(codes.to(torch.uint8).numpy())


def decode(codes: Codes) -> torch.Tensor:
    """The spectrogram within half a step."""
    return torch.from_numpy(codes).float() * _STEP + FLOOR


class FeatureCache:
    """Spectrograms of recordings, kept in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def of(self, recordings: list[Recording]) -> Iterator[list[Codes]]:
        """The variants of each recording in turn, clean first."""
        starts = range(0, len(recordings), _BLOCK)
        for start in tqdm(starts, unit="block", desc="features", disable=len(starts) < 2):
            yield from self._block(recordings[start : start + _BLOCK])

    def _block(self, recordings: list[Recording]) -> Iterator[list[Codes]]:
        names = " ".join(str(one.path) for one in recordings)
        file = self._folder / f"{hashlib.sha256(names.encode()).hexdigest()[:16]}.npz"
        if not file.exists():
            found = [codes for one in recordings for codes in _variants(one)]
            frames = np.array([len(codes) for codes in found])
            partial = file.with_suffix(".new.npz")
            np.savez(partial, codes=np.concatenate(found), frames=frames)
            partial.rename(file)
        with np.load(file) as stored:
            parts = np.split(stored["codes"], np.cumsum(stored["frames"])[:-1])
        for start in range(0, len(parts), VARIANTS):
            yield parts[start : start + VARIANTS]


def _variants(recording: Recording) -> list[Codes]:
    sound = recording.sound()
    rng = np.random.default_rng(zlib.crc32(recording.path.name.encode()))
    degraded = (degrade(sound, rng) for _ in range(VARIANTS - 1))
    return [encode(log_mel(one)) for one in (sound, *degraded)]
