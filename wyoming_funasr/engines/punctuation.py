"""ct-punc: FunASR's punctuation model for text without any."""

from pathlib import Path

import torch

from wyoming_funasr.engines.torch.components import build
from wyoming_serving.devices import Device

MODULES = (
    "funasr.models.ct_transformer.model",
    "funasr.models.sanm.encoder",
    "funasr.tokenizer.char_tokenizer",
)


class Punctuation:
    """Puts commas, stops and question marks into Chinese and English text."""

    def __init__(self, folder: Path, device: Device) -> None:
        self._parts = build(folder, MODULES, device)
        self._device = device.torch_name

    @torch.inference_mode()
    def punctuate(self, text: str) -> str:
        """The text with punctuation; blank text stays as it is."""
        if not text.strip():
            return text
        results, _ = self._parts.model.inference(
            [text], key=["text"], tokenizer=self._parts.tokenizer, device=self._device
        )
        return str(results[0]["text"])
