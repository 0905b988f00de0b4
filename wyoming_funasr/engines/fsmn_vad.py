"""FunASR's own voice activity detection, fsmn-vad."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from wyoming_funasr.audio.fbank import SAMPLE_RATE_HZ
from wyoming_funasr.audio.vad import Span
from wyoming_funasr.engines.torch.components import build
from wyoming_serving.audio import Samples, join
from wyoming_serving.devices import Device

MODULES = (
    "funasr.models.fsmn_vad_streaming.model",
    "funasr.models.fsmn_vad_streaming.encoder",
    "funasr.frontends.wav_frontend",
)
_FEWEST_SAMPLES = SAMPLE_RATE_HZ // 10


class FsmnVoiceActivity:
    """fsmn-vad from its model folder; 0.4 M parameters, so it always runs on the CPU."""

    def __init__(self, folder: Path) -> None:
        self._parts = build(folder, MODULES, Device("cpu", "float32", "CPU, float32"))

    def stream(self) -> "FsmnStream":
        return FsmnStream(self)

    @torch.inference_mode()
    def spans(self, samples: Samples) -> list[Span]:
        """Speech in a whole recording."""
        if len(samples) < _FEWEST_SAMPLES:
            return []
        results, _ = self._parts.model.inference(
            [np.ascontiguousarray(samples)],
            key=["utterance"],
            frontend=self._parts.frontend,
            cache={},
            device="cpu",
        )
        per_ms = SAMPLE_RATE_HZ // 1000
        found: list[list[Any]] = results[0]["value"] if results else []
        return [Span(int(a) * per_ms, min(int(b) * per_ms, len(samples))) for a, b in found]


class FsmnStream:
    """Collects an utterance; the model is asked once, when its end has come.

    So it knows of no pauses before that: it goes with no endpointing and no speculation.
    """

    silence_ms = 0

    def __init__(self, vad: FsmnVoiceActivity) -> None:
        self._vad = vad
        self._samples: list[Samples] = []
        self._spans: list[Span] = []
        self.position = 0

    def take(self, samples: Samples, *, last: bool) -> None:
        self._samples.append(samples)
        self.position += len(samples)
        if last:
            self._spans = self._vad.spans(join(self._samples))

    def step(self) -> bool:
        return False

    @property
    def speech_end(self) -> int:
        return self._spans[-1].stop if self._spans else 0

    def spans(self) -> list[Span]:
        return self._spans
