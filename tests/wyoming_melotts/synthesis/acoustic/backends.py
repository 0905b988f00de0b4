"""The two ways to compute an acoustic model."""

from pathlib import Path

from wyoming_melotts.synthesis.acoustic.model import AcousticModel
from wyoming_melotts.synthesis.acoustic.onnx.voice import OnnxVoice
from wyoming_melotts.synthesis.acoustic.torch.voice import TorchVoice

BACKENDS = ("torch", "onnx")


def load_voice(backend: str, folder: Path, cache_dir: Path) -> AcousticModel:
    """A voice, computed on the CPU."""
    if backend == "torch":
        return TorchVoice.load(folder, "cpu")
    return OnnxVoice(folder, cache_dir, threads=1, int8=False)
