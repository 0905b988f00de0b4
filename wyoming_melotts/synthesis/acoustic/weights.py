"""The tensors of a `checkpoint.pth`, as arrays."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from wyoming_melotts.synthesis.acoustic.config import VoiceFileError
from wyoming_melotts.synthesis.arrays import Floats
from wyoming_serving.errors import ServiceError
from wyoming_serving.models.checkpoints import StoredTensor, read_state_dict

TRAINING_ONLY = ("enc_q.", "sdp.post_", "sdp.flows.1.")
"""Tensors that inference never uses: the posterior encoder, the variational part of the
stochastic duration predictor, and the one coupling flow that its reverse direction leaves out."""

_SHOWN = 5
"""Names of wrong tensors that an error lists."""


class Weights:
    """The tensors that inference needs, each read from the file when it is taken.

    What a network takes and what the file holds must be the same: `check` says what is not.
    """

    def __init__(self, origin: Path, tensors: Mapping[str, StoredTensor]) -> None:
        self._origin = origin
        self._tensors = {
            name: tensor for name, tensor in tensors.items() if not name.startswith(TRAINING_ONLY)
        }
        self._taken: set[str] = set()
        self._missing: list[str] = []
        self._misshapen: list[str] = []

    @classmethod
    def open(cls, path: Path) -> "Weights":
        """Read a checkpoint's table of contents.

        Raises:
            VoiceFileError: the file is not a MeloTTS checkpoint.
        """
        try:
            return cls(path, read_state_dict(path, ("model",), bare=False))
        except ServiceError as error:
            raise VoiceFileError(str(error)) from None

    def take(self, name: str, *shape: int) -> Floats:
        """A tensor of this shape as float32, with its weight norm fused.

        One that is missing or has another shape is zeros, until `check` tells.
        """
        if name.endswith(".weight") and f"{name}_v" in self._tensors:
            direction, length = self._stored(f"{name}_v", shape), f"{name}_g"
            return fuse_weight_norm(direction, self._stored(length, (shape[0], 1, 1)))
        return self._stored(name, shape)

    def check(self, not_taken: tuple[str, ...] = ()) -> None:
        """Compare what was taken with what is there, but for names that begin so.

        Raises:
            VoiceFileError: tensors are missing, unknown or of another shape.
        """
        unknown = [
            name
            for name in self._tensors
            if name not in self._taken and not name.startswith(not_taken)
        ]
        problems = [
            f"{what}: {_some(names)}"
            for what, names in (
                ("missing", self._missing),
                ("unknown", unknown),
                ("shape", self._misshapen),
            )
            if names
        ]
        if problems:
            raise VoiceFileError(
                f"{self._origin} does not fit its config.json; {'; '.join(problems)}"
            )

    def _stored(self, name: str, shape: tuple[int, ...]) -> Floats:
        self._taken.add(name)
        stored = self._tensors.get(name)
        if stored is None:
            self._missing.append(name)
        elif stored.shape != shape:
            self._misshapen.append(f"{name} {list(stored.shape)}, wanted {list(shape)}")
        else:
            return stored.read_float32()
        return np.zeros(shape, np.float32)


def fuse_weight_norm(direction: Floats, length: Floats) -> Floats:
    """The weight that `weight_v` and `weight_g` stand for.

    w = g * v / |v|, the norm over all dimensions but the first (Salimans and Kingma 2016).
    """
    norm = np.sqrt(np.square(direction).sum(axis=(1, 2), keepdims=True))
    fused: Floats = direction * (length / np.maximum(norm, np.finfo(np.float32).tiny))
    return fused


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
