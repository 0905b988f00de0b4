"""ct-punc as FunASR's torch modules."""

from collections.abc import Sequence
from pathlib import Path

import torch

from wyoming_funasr.engines.base import Place
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.punctuation import Punctuation
from wyoming_funasr.engines.torch.components import build, precision
from wyoming_serving.devices import Device

MODULES = (
    "funasr.models.ct_transformer.model",
    "funasr.models.sanm.encoder",
    "funasr.tokenizer.char_tokenizer",
)


def load(folder: ModelFolder, place: Place) -> Punctuation:
    """What uses the network.

    Raises:
        ServiceError: the folder is not a ct-punc model.
    """
    return Punctuation(folder, PunctuationTorch(folder.path, place.device))


class PunctuationTorch:
    """The network."""

    def __init__(self, folder: Path, device: Device) -> None:
        self._model = build(folder, MODULES, device).model
        self._device = device

    @torch.inference_mode()
    def marks(self, ids: Sequence[int]) -> list[int]:
        """The mark behind each word, by its place in `punc_list`."""
        words = torch.tensor([list(ids)], device=self._device.torch_name)
        lengths = torch.tensor([len(ids)], device=self._device.torch_name)
        with precision(self._device):
            scores, _ = self._model.punc_forward(words, lengths)
        found: list[int] = scores[0].argmax(dim=-1).tolist()
        return found
