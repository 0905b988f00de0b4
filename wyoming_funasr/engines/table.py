"""The families of models that there are engines for."""

from importlib import import_module
from pathlib import Path

from wyoming_funasr.engines.base import EngineLoader, Place, Punctuator
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.recognition.types import Engine

ENGINES = {
    "sense_voice": "wyoming_funasr.engines.sense_voice",
    "paraformer": "wyoming_funasr.engines.paraformer",
    "paraformer_streaming": "wyoming_funasr.engines.paraformer_streaming",
}
"""Each family's module, which has a function `load`; it is imported when it is needed."""


def load_engine(
    family: str, folder: Path, place: Place, punctuation: Punctuator | None = None
) -> Engine:
    """The engine of a family with the model in a folder.

    Args:
        punctuation: Writes the marks that the model itself does not, where they are wanted.

    Raises:
        ServiceError: the folder is not a model of this family.
    """
    load: EngineLoader = import_module(ENGINES[family]).load
    return load(ModelFolder(folder), place, punctuation)
