"""The weights that upstream's outputs were recorded with: each follows from its name and shape.

The rule for the BERT is its recorders'; the voice's was found from its checkpoint (the README of
`tests/data/melotts` says how that was checked).
"""

import json
import math
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tests.wyoming_melotts.golden import read_json

_GAINS = {
    "enc_p.proj.weight": 0.7,
    "enc_p.proj.bias": 0.7,
    "dp.proj.weight": 0.35,
    "dec.conv_post.weight": 5,
}
_EMBEDDINGS = (
    *("emb_g.weight", "enc_p.emb.weight", "tone_emb.weight", "language_emb.weight"),
    *("emb_rel_k", "emb_rel_v"),
)


def write_voice(folder: Path, disable_bert: bool = False) -> Path:
    """Write upstream's tiny voice as the published ones are; returns its folder."""
    folder.mkdir(exist_ok=True)
    config = read_json("tiny", "config.json")
    config["data"]["disable_bert"] = disable_bert
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    state = voice_tensors(read_json("tiny", "tensors.json"))
    torch.save({"model": state, "iteration": 0}, folder / "checkpoint.pth")
    return folder


def voice_tensors(shapes: Mapping[str, Sequence[int]]) -> dict[str, Tensor]:
    """The tiny voice's tensors by name, bit for bit; weight norm is not fused."""
    state: dict[str, Tensor] = {}
    for name, shape in shapes.items():
        if name.endswith("weight_g"):
            direction = torch.from_numpy(_voice_tensor(name[:-1] + "v", shapes[name[:-1] + "v"]))
            norm = torch.linalg.vector_norm(direction, dim=(1, 2), keepdim=True)
            state[name] = norm * torch.from_numpy(_around_one(name, shape))
        else:
            state[name] = torch.from_numpy(_voice_tensor(name, shape))
    return state


def bert_tensor(name: str, shape: Sequence[int], std: float) -> Tensor:
    """A tensor of the tiny BERT."""
    if name.endswith("LayerNorm.weight"):
        return torch.from_numpy(_around_one(name, shape))
    scale = 0.1 if name.endswith("bias") else std
    return torch.from_numpy(np.float32(scale) * _normals(name, shape))


def _voice_tensor(name: str, shape: Sequence[int]) -> np.ndarray:
    kind = name.rpartition(".")[2]
    if name == "dp.proj.bias":
        return np.full(shape, 0.65, np.float32)
    if name == "sdp.flows.0.m":
        return np.float32(0.1) * _normals(name, shape) - np.float32(0.7)
    if kind == "gamma":
        return _around_one(name, shape)
    if kind in ("bias", "beta", "logs", "m"):
        scale = 0.1
    elif name.endswith(_EMBEDDINGS):
        scale = shape[-1] ** -0.5
    else:
        inputs = math.prod(shape[1:]) / (2 if name.startswith("dec.ups.") else 1)
        scale = 0.9 / math.sqrt(inputs)
    return np.float32(scale) * _normals(name, shape) * np.float32(_GAINS.get(name, 1))


def _around_one(name: str, shape: Sequence[int]) -> np.ndarray:
    return 1 + np.float32(0.1) * _normals(name, shape)


def _normals(name: str, shape: Sequence[int]) -> np.ndarray:
    """Standard normal numbers, float32, seeded by the name."""
    random = np.random.RandomState(zlib.crc32(name.encode("ascii")))
    return random.standard_normal(math.prod(shape)).astype(np.float32).reshape(shape)
