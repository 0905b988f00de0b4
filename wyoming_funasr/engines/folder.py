"""What a FunASR model folder says of its model, read without FunASR."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from wyoming_serving.errors import ErrorCode, ServiceError

Float32 = npt.NDArray[np.float32]

ONNX_FILES = ("model_quant.onnx", "model.onnx")
"""FunASR's published graphs, the one to prefer first."""


@dataclass(frozen=True)
class ModelFolder:
    """A folder with `config.yaml`, weights (`model.pt` or a published graph) and a vocabulary."""

    path: Path

    @cached_property
    def config(self) -> dict[str, Any]:
        """`config.yaml`.

        Raises:
            ServiceError: it cannot be read, or names no model.
        """
        file = self.path / "config.yaml"
        try:
            config = yaml.safe_load(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            reason = " ".join(str(error).split())
            raise ServiceError(
                ErrorCode.MODEL_INVALID, f"{file} cannot be read: {reason}"
            ) from None
        if not isinstance(config, dict) or "model" not in config:
            raise _invalid(f"{file} names no model")
        return {str(key): value for key, value in config.items()}

    def section(self, name: str) -> dict[str, Any]:
        """One part of `config.yaml`, such as `encoder_conf`; empty where it is not there."""
        found = self.config.get(name) or {}
        if not isinstance(found, dict):
            raise ServiceError(
                ErrorCode.MODEL_INVALID, f"{self.path}/config.yaml: {name} is no table"
            )
        return found

    @property
    def checkpoint(self) -> Path:
        """The file with torch's weights."""
        return self.path / str(self.config.get("init_param", "model.pt"))

    @property
    def published_graph(self) -> Path | None:
        """FunASR's own export, where the folder holds one and no checkpoint."""
        if self.checkpoint.is_file():
            return None
        return next((self.path / n for n in ONNX_FILES if (self.path / n).is_file()), None)

    @cached_property
    def vocabulary(self) -> list[str]:
        """The text of each token, by its id: from `tokens.json`, else the sentencepiece model.

        Raises:
            ServiceError: there is neither, or it cannot be read.
        """
        tokens = self.path / "tokens.json"
        return _tokens(tokens) if tokens.is_file() else _pieces(self._sentencepiece())

    @cached_property
    def normalization(self) -> tuple[Float32, Float32] | None:
        """The shift and the scale of each channel, from `am.mvn`; None where there is none.

        The file is Kaldi's text of a network: the vectors stand in brackets behind `<AddShift>`
        and `<Rescale>`.
        """
        file = self.path / "am.mvn"
        if not file.is_file():
            return None
        words = file.read_text(encoding="utf-8", errors="replace").split()
        try:
            return _vector(words, "<AddShift>"), _vector(words, "<Rescale>")
        except ValueError:
            raise _invalid(f"{file} is not a normalization") from None

    def _sentencepiece(self) -> Path:
        found = sorted(self.path.glob("*.model"))
        if len(found) != 1:
            raise _invalid(f"{self.path} must hold tokens.json or one *.model, has {len(found)}")
        return found[0]


def _tokens(file: Path) -> list[str]:
    try:
        tokens = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _invalid(f"{file} cannot be read: {error}") from None
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        raise _invalid(f"{file} is not a list of tokens")
    return tokens


def _pieces(file: Path) -> list[str]:
    from sentencepiece import SentencePieceProcessor

    try:
        processor = SentencePieceProcessor(model_file=str(file))
    except (OSError, RuntimeError) as error:
        raise _invalid(f"{file} cannot be read: {error}") from None
    return [processor.id_to_piece(i) for i in range(processor.get_piece_size())]


def _vector(words: list[str], name: str) -> Float32:
    start = words.index("[", words.index(name))
    return np.array(words[start + 1 : words.index("]", start)], np.float32)


def _invalid(text: str) -> ServiceError:
    return ServiceError(ErrorCode.MODEL_INVALID, text)
