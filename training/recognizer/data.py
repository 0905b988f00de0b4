"""The spoken corpus as log-mel spectrograms in memory."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.recognizer.commands import Sentence
from training.recognizer.shards import Samples, read_shard

MELS = 80
STACKED, STRIDE = 7, 6
"""SenseVoice's low frame rate: seven 10 ms frames side by side, every six frames."""
_SPEECH_BELOW_PEAK = 8.0
"""Nepers (of power) below the loudest frame that still count as speech."""


@dataclass(frozen=True)
class Clip:
    """One spoken sentence; `mel` has shape [10 ms frames, 80], `speech` leaves out the silence."""

    sentence: Sentence
    voice: str
    mel: torch.Tensor
    speech: slice

    @property
    def speech_frames(self) -> int:
        return int(self.speech.stop - self.speech.start)


class Corpus:
    """The shards of a folder whose names start with `prefix`; `refresh` finds new ones."""

    def __init__(self, folder: Path, prefix: str) -> None:
        self._folder, self._prefix = folder, prefix
        self._read: set[str] = set()
        self.clips: list[Clip] = []
        self.refresh()

    def refresh(self) -> None:
        """Load the shards that have arrived since."""
        for index in sorted(self._folder.glob(f"{self._prefix}*.jsonl")):
            if index.stem not in self._read:
                self._read.add(index.stem)
                for sentence, voice, samples in read_shard(index):
                    mel = log_mel(samples)
                    self.clips.append(Clip(sentence, voice, mel, _find_speech(mel)))


def log_mel(samples: Samples) -> torch.Tensor:
    """Log-mel power, shape [10 ms frames, 80], by FunASR's own front-end."""
    wave = torch.from_numpy(samples.astype(np.float32) / 32768)[None]
    found, _ = _frontend()(wave, [wave.shape[1]])
    mel: torch.Tensor = found[0].contiguous()
    return mel


def stack(mel: torch.Tensor) -> torch.Tensor:
    """The network's frames, shape [60 ms frames, 560], without normalization."""
    from funasr.frontends.wav_frontend import apply_lfr

    stacked: torch.Tensor = apply_lfr(mel, STACKED, STRIDE)
    return stacked


def _find_speech(mel: torch.Tensor) -> slice:
    """The frames from the first to the last sound."""
    loudness = mel.logsumexp(dim=1)
    loud = torch.nonzero(loudness > loudness.max() - _SPEECH_BELOW_PEAK)
    return slice(int(loud[0]), int(loud[-1]) + 1)


@cache
def _frontend() -> Any:
    from funasr.frontends.wav_frontend import WavFrontend

    return WavFrontend(window="hamming", dither=0.0)


def mean_and_deviation(clips: list[Clip]) -> tuple[torch.Tensor, torch.Tensor]:
    """Over the speech of `clips`, each of shape [80]."""
    frames = torch.cat([clip.mel[clip.speech] for clip in clips])
    return frames.mean(dim=0), frames.std(dim=0)
