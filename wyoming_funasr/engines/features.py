"""From filter banks to what an encoder takes: FunASR's `WavFrontend`, step by step."""

from typing import Any

import numpy as np

from wyoming_funasr.audio.fbank import HOP_SAMPLES, SAMPLE_RATE_HZ, SILENCE, WINDOW_SAMPLES
from wyoming_funasr.recognition.types import Fbank, FbankSettings, Features
from wyoming_serving.errors import ErrorCode, ServiceError


class FeatureStacker:
    """Low frame rate stacking and normalization.

    Source: FunASR, `funasr/frontends/wav_frontend.py` (`apply_lfr`, `apply_cmvn`): every row is
    `lfr_m` frames side by side, `lfr_n` frames further than the row before, with the first frame
    repeated before the start and the last one behind the end.
    """

    def __init__(self, frontend: Any) -> None:
        """`frontend`: FunASR's own, with the numbers of the model's folder.

        Raises:
            ServiceError: it works at another rate than every known model.
        """
        rate = (frontend.fs, frontend.frame_length, frontend.frame_shift)
        per_ms = SAMPLE_RATE_HZ // 1000
        if rate != (SAMPLE_RATE_HZ, WINDOW_SAMPLES // per_ms, HOP_SAMPLES // per_ms):
            raise ServiceError(
                ErrorCode.MODEL_INVALID,
                f"16000 Hz in frames of 25 ms every 10 ms expected, has {rate}",
            )
        self.fbank = FbankSettings(frontend.n_mels, frontend.window)
        self.row_ms: int = frontend.frame_shift * frontend.lfr_n
        self._width: int = frontend.lfr_m
        self._step: int = frontend.lfr_n
        shift_and_scale = None if frontend.cmvn is None else frontend.cmvn.numpy()
        self._cmvn = shift_and_scale

    def features(self, fbank: Fbank, fewest_frames: int) -> Features:
        """Shape [rows, mels x lfr_m]; fewer frames than an engine can take are filled up."""
        if len(fbank) < fewest_frames:
            missing = fewest_frames - len(fbank)
            fbank = np.pad(fbank, ((0, missing), (0, 0)), constant_values=SILENCE)
        rows = -(-len(fbank) // self._step)
        before = (self._width - 1) // 2
        last = len(fbank) - 1
        places = np.arange(rows)[:, None] * self._step + np.arange(self._width) - before
        stacked: Features = fbank[places.clip(0, last)].reshape(rows, -1)
        if self._cmvn is not None:
            shift, scale = self._cmvn
            stacked = (stacked + shift) * scale
        return stacked
