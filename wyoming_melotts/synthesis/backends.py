"""Who computes: ONNX Runtime on a CPU, torch on a GPU."""

from pathlib import Path
from typing import Protocol

from wyoming_melotts.settings import MelottsSettings
from wyoming_melotts.synthesis.acoustic.model import AcousticModel
from wyoming_melotts.synthesis.bert.features import BertNetwork
from wyoming_serving.devices import Device


class Backend(Protocol):
    """Loads the networks onto one device."""

    def load_voice(self, folder: Path) -> AcousticModel:
        """The acoustic model of a voice's folder.

        Raises:
            VoiceFileError: a file of it is not what this runtime reads.
        """

    def load_bert(self, folder: Path) -> BertNetwork:
        """The network of a published BERT's folder.

        Raises:
            VoiceFileError: a file of it is missing or does not fit.
        """


def backend_for(device: Device, settings: MelottsSettings) -> Backend:
    """The back-end that a device wants; torch is imported for a GPU alone."""
    if device.is_cuda:
        from wyoming_melotts.synthesis.torch_backend import TorchBackend

        return TorchBackend(device)
    from wyoming_melotts.synthesis.onnx_backend import OnnxBackend

    return OnnxBackend(settings.cache_dir, settings.threads, int8=device.precision == "int8")
