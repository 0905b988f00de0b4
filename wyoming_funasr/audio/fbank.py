"""Kaldi filter banks, computed while audio arrives.

FunASR's front-end computes the same numbers from a whole recording: each frame depends on its own
25 ms alone, so that any stretch which begins on a frame's edge is a slice of what is here.
"""

from dataclasses import dataclass, field

import kaldi_native_fbank
import numpy as np

from wyoming_funasr.recognition.types import HOP_MS, Fbank, FbankSettings
from wyoming_serving.audio import Samples

SAMPLE_RATE_HZ = 16_000
"""The sample rate of every FunASR model."""

HOP_SAMPLES = SAMPLE_RATE_HZ * HOP_MS // 1000

WINDOW_SAMPLES = SAMPLE_RATE_HZ // 40
"""What one frame covers: 25 ms, in every FunASR model."""

SILENCE = float(np.log(np.finfo(np.float32).eps))
"""The log energy of a band in digital silence, by Kaldi's floor."""

_INT16_SCALE = 32768.0


@dataclass
class FbankStream:
    """The frames of one utterance so far."""

    settings: FbankSettings
    _frames: list[Fbank] = field(default_factory=list)

    def __post_init__(self) -> None:
        options = kaldi_native_fbank.FbankOptions()
        options.frame_opts.samp_freq = SAMPLE_RATE_HZ
        options.frame_opts.window_type = self.settings.window
        options.frame_opts.dither = 0.0  # noise would give another text each time
        options.mel_opts.num_bins = self.settings.mels
        options.energy_floor = 0.0
        self._kaldi = kaldi_native_fbank.OnlineFbank(options)
        self._taken = 0

    def take(self, samples: Samples) -> None:
        """Compute the frames that `samples` (16 kHz, from -1 to 1) complete."""
        if not len(samples):
            return
        self._kaldi.accept_waveform(SAMPLE_RATE_HZ, samples * _INT16_SCALE)
        ready = self._kaldi.num_frames_ready
        if ready > self._taken:
            frames = [self._kaldi.get_frame(i) for i in range(self._taken, ready)]
            self._frames.append(np.stack(frames))
            self._kaldi.pop(ready - self._taken)
            self._taken = ready

    def between(self, start: int, stop: int) -> Fbank:
        """The frames that lie within samples `start` to `stop`; `start` is rounded down to a hop.

        Samples that are not there yet give no frames.
        """
        first = start // HOP_SAMPLES
        count = max(0, (stop - first * HOP_SAMPLES - WINDOW_SAMPLES) // HOP_SAMPLES + 1)
        if len(self._frames) > 1:
            self._frames = [np.concatenate(self._frames)]
        if not self._frames:
            return np.zeros((0, self.settings.mels), np.float32)
        return self._frames[0][first : first + count]
