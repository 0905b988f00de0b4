"""Reading a `checkpoint.pth` into a model."""

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from wyoming_melotts.synthesis.acoustic.config import VoiceFileError

TRAINING_ONLY = ("enc_q.", "sdp.post_", "sdp.flows.1.")
"""Tensors that inference never uses: the posterior encoder, the variational part of the
stochastic duration predictor, and the one coupling flow that its reverse direction leaves out."""

_SHOWN = 5
"""Names of wrong tensors that an error lists."""


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors that inference needs, float32, with weight norm fused.

    Raises:
        VoiceFileError: the file is not a MeloTTS checkpoint.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise VoiceFileError(f"{path}: cannot be read as a checkpoint ({reason})") from None
    tensors = content.get("model") if isinstance(content, dict) else None
    if not isinstance(tensors, dict):
        raise VoiceFileError(f"{path}: has no `model` entry, so it is not a MeloTTS checkpoint")
    kept = {
        name: tensor.float()
        for name, tensor in tensors.items()
        if not name.startswith(TRAINING_ONLY)
    }
    return fuse_weight_norm(kept)


def fuse_weight_norm(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Replace each pair `weight_g`, `weight_v` by the `weight` that it stands for.

    w = g * v / |v|, the norm over all dimensions but the first (Salimans and Kingma 2016).
    """
    fused = {}
    for name, tensor in state.items():
        if name.endswith("weight_v"):
            scale = state.get(name[:-1] + "g")
            if scale is None:
                raise VoiceFileError(f"the checkpoint has {name} but not {name[:-1]}g")
            norm = torch.linalg.vector_norm(tensor, dim=(1, 2), keepdim=True)
            fused[name.removesuffix("_v")] = scale * tensor / norm
        elif not name.endswith("weight_g"):
            fused[name] = tensor
    return fused


def load_state(model: nn.Module, state: Mapping[str, Tensor], origin: Path) -> None:
    """Give `model` the tensors of `state`, which must be exactly those that it has.

    Raises:
        VoiceFileError: tensors are missing, unknown or of another shape.
    """
    wanted = model.state_dict()
    missing = [name for name in wanted if name not in state]
    unknown = [name for name in state if name not in wanted]
    misshapen = [
        f"{name} {list(state[name].shape)}, wanted {list(tensor.shape)}"
        for name, tensor in wanted.items()
        if name in state and state[name].shape != tensor.shape
    ]
    problems = [
        f"{what}: {_some(names)}"
        for what, names in (("missing", missing), ("unknown", unknown), ("shape", misshapen))
        if names
    ]
    if problems:
        raise VoiceFileError(f"{origin} does not fit its config.json; {'; '.join(problems)}")
    model.load_state_dict(state, assign=True)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
