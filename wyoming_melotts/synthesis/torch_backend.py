"""Networks that torch computes, on GPUs."""

from pathlib import Path

from wyoming_melotts.synthesis.acoustic.torch.voice import TorchVoice
from wyoming_melotts.synthesis.bert.torch import Bert, TorchBert
from wyoming_serving.devices import Device


class TorchBackend:
    """Loads networks onto a device; voices are float32, BERT is in the device's precision."""

    def __init__(self, device: Device) -> None:
        self._device = device

    def load_voice(self, folder: Path) -> TorchVoice:
        """The acoustic model of a voice's folder."""
        return TorchVoice.load(folder, self._device.torch_name)

    def load_bert(self, folder: Path) -> TorchBert:
        """The network of a published BERT's folder."""
        return TorchBert(Bert.load(folder), self._device)
