"""What engines are tested with: features of a recording, and FunASR's own answers."""

from pathlib import Path

import numpy as np
import torch

from tests.support.speech import speech_samples
from wyoming_funasr.audio.fbank import FbankStream
from wyoming_funasr.engines.torch import components
from wyoming_funasr.recognition.types import Engine, Features
from wyoming_serving.devices import Device

TORCH_FLOAT32 = Device("cpu", "float32", "CPU, float32")


def features(engine: Engine, samples: np.ndarray) -> Features:
    """Features of 16 kHz samples, as an engine wants them."""
    fbank = FbankStream(engine.fbank)
    fbank.take(samples)
    return engine.features(fbank.between(0, len(samples)))


def funasr_text(folder: Path, modules: tuple[str, ...], **options: object) -> str:
    """What FunASR's own `inference` makes of the test recording."""
    parts = components.build(folder, modules, TORCH_FLOAT32)
    with torch.inference_mode():
        results, _ = parts.model.inference(
            [torch.from_numpy(speech_samples())],
            key=["x"],
            tokenizer=parts.tokenizer,
            frontend=parts.frontend,
            device="cpu",
            **options,
        )
    return str(results[0]["text"])


def copied(folder: Path, to: Path) -> Path:
    """A copy of a model folder, to be damaged."""
    to.mkdir()
    for file in folder.iterdir():
        (to / file.name).write_bytes(file.read_bytes())
    return to
