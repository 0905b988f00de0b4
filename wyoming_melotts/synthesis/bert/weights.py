"""The tensors of a published BERT, as arrays."""

import re
from collections.abc import Mapping
from pathlib import Path

from wyoming_melotts.synthesis.acoustic.config import VoiceFileError
from wyoming_melotts.synthesis.arrays import Floats
from wyoming_serving.errors import ServiceError
from wyoming_serving.models.checkpoints import StoredTensor, read_safetensors, read_state_dict

_WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")


class BertWeights:
    """Weights by the names of the bare model, each read from the file when it is taken."""

    def __init__(self, folder: Path, tensors: Mapping[str, StoredTensor]) -> None:
        self._folder = folder
        self._tensors = tensors

    @classmethod
    def open(cls, folder: Path) -> "BertWeights":
        """Read the table of contents of a folder's weights.

        Raises:
            VoiceFileError: the file is missing or cannot be read.
        """
        path = weights_file(folder)
        try:
            safe = path.suffix == ".safetensors"
            tensors = read_safetensors(path) if safe else read_state_dict(path)
        except ServiceError as error:
            raise VoiceFileError(str(error)) from None
        return cls(folder, {_bare_name(name): tensor for name, tensor in tensors.items()})

    def take(self, name: str, *shape: int) -> Floats:
        """A tensor of this shape as float32.

        Raises:
            VoiceFileError: it is not there or has another shape.
        """
        return self._stored(name, shape).read_float32()

    def map(self, name: str, *shape: int) -> Floats:
        """The same, left in the file where it can be: only rows that are used are read."""
        return self._stored(name, shape).map_float32()

    def _stored(self, name: str, shape: tuple[int, ...]) -> StoredTensor:
        stored = self._tensors.get(name)
        if stored is None:
            raise VoiceFileError(f"{self._folder}: the BERT weights lack {name}")
        if stored.shape != shape:
            raise VoiceFileError(
                f"{self._folder}: weights do not fit config.json: {name} is {list(stored.shape)}, "
                f"wanted {list(shape)}"
            )
        return stored


def weights_file(folder: Path) -> Path:
    """The file of a folder's weights.

    Raises:
        VoiceFileError: there is none.
    """
    path = next((folder / name for name in _WEIGHT_FILES if (folder / name).is_file()), None)
    if path is None:
        raise VoiceFileError(f"{folder} has neither {' nor '.join(_WEIGHT_FILES)}")
    return path


def _bare_name(name: str) -> str:
    """Without the prefix of a model with a head, and with today's names of norm weights."""
    name = name.removeprefix("bert.")
    name = re.sub(r"\.gamma$", ".weight", name)
    return re.sub(r"\.beta$", ".bias", name)
