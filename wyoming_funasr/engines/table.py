"""The families of models that there are engines for."""

from importlib import import_module
from pathlib import Path
from typing import Any

from wyoming_funasr.engines.base import EngineLoader, Place, Punctuator
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.recognition.types import Engine

ENGINES = {
    "sense_voice": "wyoming_funasr.engines.{backend}.sense_voice",
    "paraformer": "wyoming_funasr.engines.{backend}.paraformer",
    "paraformer_streaming": "wyoming_funasr.engines.{backend}.paraformer_streaming",
}
"""The module of each family, which has a function `load`, on ONNX Runtime and on torch."""

_PUNCTUATION = "wyoming_funasr.engines.{backend}.punctuation"


def load_engine(
    family: str, folder: Path, place: Place, punctuation: Punctuator | None = None
) -> Engine:
    """The engine of a family with the model in a folder.

    Args:
        punctuation: Writes the marks that the model itself does not, where they are wanted.

    Raises:
        ServiceError: the folder is not a model of this family.
    """
    load: EngineLoader = _module(ENGINES[family], place).load
    return load(ModelFolder(folder), place, punctuation)


def load_punctuation(folder: Path, place: Place) -> Punctuator:
    """ct-punc from its folder.

    Raises:
        ServiceError: the folder is not a ct-punc model.
    """
    punctuation: Punctuator = _module(_PUNCTUATION, place).load(ModelFolder(folder), place)
    return punctuation


def _module(name: str, place: Place) -> Any:
    return import_module(name.format(backend="torch" if place.device.is_cuda else "onnx"))
