"""Voices and BERTs of random weights in the formats of the published ones.

Timing does not depend on the values of weights, so real-size ones stand for the real voices; tiny
ones serve the tests.
"""

import json
import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from wyoming_melotts.synthesis.acoustic.config import AcousticConfig
from wyoming_melotts.synthesis.acoustic.torch.synthesizer import Synthesizer
from wyoming_melotts.synthesis.bert.config import BertConfig
from wyoming_melotts.synthesis.bert.torch import Bert

_INITIALS = "b c ch d f g h j k l m n p q r s sh t w x y z zh"
_FINALS = (
    "a ai an ang ao e ei en eng er i i0 ia ian iang iao ie in ing iong ir iu o ong ou u ua uai uan "
    "uang ui un uo v van ve vn E En"
)
_ENGLISH = "aa ae ah aw ay dh eh ey hh ih iy jh ng ow oy th uh uw V zy"
_OTHER = "AA EE N OO a: by dy e: gy hy i: ky my ny o: py ry ts ty u:"
SYMBOLS = ["_", *f"{_INITIALS} {_FINALS} {_ENGLISH} {_OTHER}".split(), *"!?…,.'-", "SP", "UNK"]

PUBLISHED_SIZE: dict[str, Any] = {
    "data": {
        "sampling_rate": 44100,
        "hop_length": 512,
        "add_blank": True,
        "n_speakers": 256,
        "spk2id": {"ZH": 1},
    },
    "model": {
        "inter_channels": 192,
        "hidden_channels": 192,
        "filter_channels": 768,
        "n_heads": 2,
        "n_layers": 6,
        "n_layers_trans_flow": 3,
        "kernel_size": 3,
        "resblock": "1",
        "resblock_kernel_sizes": [3, 7, 11],
        "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5], [1, 3, 5]],
        "upsample_rates": [8, 8, 2, 2, 2],
        "upsample_initial_channel": 512,
        "upsample_kernel_sizes": [16, 16, 8, 2, 2],
        "gin_channels": 256,
    },
    "symbols": SYMBOLS,
    "num_tones": 16,
    "num_languages": 8,
}

TINY_SIZE: dict[str, Any] = PUBLISHED_SIZE | {
    "data": PUBLISHED_SIZE["data"]
    | {
        "disable_bert": True,
        "n_speakers": 4,
        "spk2id": {"EN-US": 0, "EN_INDIA": 1, "EN-Default": 3},
    },
    "model": PUBLISHED_SIZE["model"]
    | {
        "inter_channels": 4,
        "hidden_channels": 8,
        "filter_channels": 8,
        "n_layers": 3,
        "resblock_kernel_sizes": [3, 5],
        "resblock_dilation_sizes": [[1, 3], [1, 2]],
        "upsample_initial_channel": 64,
        "gin_channels": 4,
    },
}

BERT_BASE_MULTILINGUAL = BertConfig(105_879, 768, 12, 12, 3072, 512, 2)
TINY_BERT = BertConfig(30_000, 768, 3, 12, 64, 512, 2)

_WITH_WEIGHT_NORM = ("dec.ups.", "dec.resblocks.")
_CHINESE = range(0x4E00, 0x9FA6)


def write_voice(folder: Path, content: dict[str, Any], frames_per_token: float = 2.0) -> Path:
    """Write `config.json` and `checkpoint.pth`; tokens last about so long. Gives the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    torch.manual_seed(0)
    model = Synthesizer(AcousticConfig.from_json(content))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(_random(parameter))
        for predictor in (model.dp.proj, model.sdp.flows["0"]):
            for parameter in predictor.parameters():
                parameter.zero_()
        log_frames = math.log(frames_per_token)
        model.get_parameter("dp.proj.bias").fill_(log_frames)
        model.get_parameter("sdp.flows.0.m").fill_(-log_frames)
    torch.save({"model": _as_published(model), "iteration": 0}, folder / "checkpoint.pth")
    return folder


def write_bert(folder: Path, config: BertConfig) -> Path:
    """Write a BERT whose vocabulary has every Chinese character and letter. Gives the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    letters = [chr(code) for code in range(33, 127)]
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *map(chr, _CHINESE)]
    words += [f"##{letter}" for letter in letters]
    words += [f"[unused{number}]" for number in range(config.vocab_size - len(words))]
    (folder / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    (folder / "config.json").write_text(json.dumps(vars(config)))
    torch.manual_seed(0)
    torch.save(Bert(config).state_dict(), folder / "pytorch_model.bin")
    return folder


def _random(parameter: Tensor) -> Tensor:
    """Values of a size that keeps activations near 1, as trained ones do."""
    if parameter.dim() < 2:
        return torch.ones_like(parameter) if parameter.dim() == 1 else parameter
    fan_in = parameter[0].numel()
    return torch.randn_like(parameter) / math.sqrt(fan_in)


def _as_published(model: Synthesizer) -> dict[str, Tensor]:
    """The state with one-dimensional convolutions and with weight norm, as checkpoints have."""
    state: dict[str, Tensor] = {}
    for name, tensor in model.state_dict().items():
        if name.startswith("dec.") and tensor.dim() == 4:
            tensor = tensor.squeeze(2)
        if name.startswith(_WITH_WEIGHT_NORM) and name.endswith("weight"):
            state[name + "_v"] = tensor
            state[name + "_g"] = torch.linalg.vector_norm(tensor, dim=(1, 2), keepdim=True)
        else:
            state[name] = tensor
    return state
