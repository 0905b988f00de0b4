"""From filter banks to what an encoder takes: FunASR's `WavFrontend`, step by step."""

import numpy as np

from wyoming_funasr.audio.fbank import HOP_SAMPLES, SAMPLE_RATE_HZ, SILENCE, WINDOW_SAMPLES
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.recognition.types import Fbank, FbankSettings, Features
from wyoming_serving.errors import ErrorCode, ServiceError

_MS = 1000
_RATE = {
    "fs": SAMPLE_RATE_HZ,
    "frame_length": WINDOW_SAMPLES * _MS // SAMPLE_RATE_HZ,
    "frame_shift": HOP_SAMPLES * _MS // SAMPLE_RATE_HZ,
}
"""What every known model has: 16 kHz in frames of 25 ms, every 10 ms."""


class FeatureStacker:
    """Low frame rate stacking and normalization.

    Source: FunASR, `funasr/frontends/wav_frontend.py` (`apply_lfr`, `apply_cmvn`): every row is
    `lfr_m` frames side by side, `lfr_n` frames further than the row before, with the first frame
    repeated before the start and the last one behind the end.
    """

    def __init__(self, folder: ModelFolder) -> None:
        """Take the numbers from a model's folder.

        Raises:
            ServiceError: it works at another rate than every known model.
        """
        settings = folder.section("frontend_conf")
        rate = {name: settings.get(name, usual) for name, usual in _RATE.items()}
        if rate != _RATE:
            raise ServiceError(
                ErrorCode.MODEL_INVALID,
                f"16000 Hz in frames of 25 ms every 10 ms expected, has {rate}",
            )
        mels = int(settings.get("n_mels", 80))
        self.fbank = FbankSettings(mels, str(settings.get("window", "hamming")))
        self._width = int(settings.get("lfr_m", 1))
        self._step = int(settings.get("lfr_n", 1))
        self.row_ms = _RATE["frame_shift"] * self._step
        self.channels = mels * self._width
        self._normalization = folder.normalization

    def features(self, fbank: Fbank, fewest_frames: int) -> Features:
        """Shape [rows, channels]; fewer frames than an engine can take are filled up."""
        if len(fbank) < fewest_frames:
            missing = fewest_frames - len(fbank)
            fbank = np.pad(fbank, ((0, missing), (0, 0)), constant_values=SILENCE)
        rows = -(-len(fbank) // self._step)
        before = (self._width - 1) // 2
        last = len(fbank) - 1
        places = np.arange(rows)[:, None] * self._step + np.arange(self._width) - before
        stacked: Features = fbank[places.clip(0, last)].reshape(rows, -1)
        if self._normalization is not None:
            shift, scale = self._normalization
            stacked = (stacked + shift) * scale
        return stacked
