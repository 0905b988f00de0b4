"""What every engine is made from."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.recognition.types import Engine
from wyoming_serving.devices import Device


@dataclass(frozen=True)
class Place:
    """Where networks run.

    A GPU runs FunASR's torch modules; a CPU runs ONNX graphs with `threads` threads for one
    utterance, which are kept in `cache_dir` once they are made.
    """

    device: Device
    threads: int
    cache_dir: Path


class Punctuator(Protocol):
    """Puts punctuation marks into text."""

    def punctuate(self, text: str) -> str:
        """The text with its marks; blank text stays as it is."""


EngineLoader = Callable[[ModelFolder, Place, Punctuator | None], Engine]
"""Loads a family's engine. Raises ServiceError: the folder is not a model of this family."""
