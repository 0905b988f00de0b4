"""FunASR's own voice activity detection, fsmn-vad."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from wyoming_funasr.engines.components import build
from wyoming_funasr.recognition import SAMPLE_RATE_HZ
from wyoming_funasr.vad import Span
from wyoming_serving.audio import Samples
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

    @torch.inference_mode()
    def spans(self, samples: Samples) -> list[Span]:
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
