"""A voice of random weights in upstream's format, small enough to make in a moment."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from wyoming_melotts.acoustic.config import AcousticConfig
from wyoming_melotts.acoustic.decoder import Decoder
from wyoming_melotts.acoustic.synthesizer import Synthesizer
from wyoming_melotts.acoustic.text_encoder import TextInputs

_LETTERS = [*"abcdefghijklmnopqrstuvwxyz", "sh", "zh", "ch", "ah", "ay", "ey", "ng", "th", "hh"]

CONFIG: dict[str, Any] = {
    "train": {"segment_size": 16384},
    "data": {
        "sampling_rate": 44100,
        "filter_length": 2048,
        "hop_length": 512,
        "add_blank": True,
        "disable_bert": True,
        "n_speakers": 4,
        "spk2id": {"EN-US": 0, "EN_INDIA": 1, "EN-Default": 3},
    },
    "model": {
        "inter_channels": 4,
        "hidden_channels": 8,
        "filter_channels": 8,
        "n_heads": 2,
        "n_layers": 3,
        "n_layers_trans_flow": 3,
        "kernel_size": 3,
        "resblock": "1",
        "resblock_kernel_sizes": [3, 5],
        "resblock_dilation_sizes": [[1, 3], [1, 2]],
        "upsample_rates": [8, 8, 2, 2, 2],
        "upsample_initial_channel": 64,
        "upsample_kernel_sizes": [16, 16, 8, 2, 2],
        "gin_channels": 4,
    },
    "symbols": ["_", *_LETTERS, "!", "?", "…", ",", ".", "'", "-", "SP", "UNK"],
    "num_tones": 16,
    "num_languages": 8,
}

_WEIGHT_NORM = ("dec.ups.", "dec.resblocks.")


def make_voice(folder: Path, speakers: dict[str, int] | None = None) -> Path:
    """Write `config.json` and `checkpoint.pth`; gives the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    content = json.loads(json.dumps(CONFIG))
    if speakers:
        content["data"]["spk2id"] = speakers
    (folder / "config.json").write_text(json.dumps(content), encoding="utf-8")
    torch.manual_seed(0)
    model = Synthesizer(AcousticConfig.read(folder / "config.json"))
    state: dict[str, Tensor] = {}
    for name, wanted in model.state_dict().items():
        tensor = torch.randn(wanted.shape) * 0.2
        if name.startswith("dec.") and tensor.dim() == 4:
            tensor = tensor.squeeze(2)
        if name.startswith(_WEIGHT_NORM) and name.endswith("weight"):
            state[name + "_v"] = tensor
            state[name + "_g"] = torch.linalg.vector_norm(tensor, dim=(1, 2), keepdim=True)
        else:
            state[name] = tensor
    torch.save({"model": state, "iteration": 0}, folder / "checkpoint.pth")
    return folder


TINY_CONFIG = AcousticConfig.from_json(CONFIG)


def tiny_decoder(frames: int) -> tuple[Decoder, Tensor, Tensor]:
    """A decoder of random weights, a latent of so many frames, and a speaker."""
    torch.manual_seed(0)
    decoder = Decoder(TINY_CONFIG).requires_grad_(False)
    decoder.use_channels_last()
    latent = torch.randn(1, TINY_CONFIG.inter_channels, frames)
    return decoder, latent, torch.randn(1, TINY_CONFIG.gin_channels, 1)


def sentence(tokens: int) -> TextInputs:
    """Some ids."""
    ids = torch.arange(tokens)
    return TextInputs(ids % len(TINY_CONFIG.symbols), ids % 16, torch.full((tokens,), 2))
