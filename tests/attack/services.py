"""The services that are attacked, with the models of this repository."""

from argparse import ArgumentParser
from pathlib import Path
from typing import TypeVar

import wyoming_melotts
from tests.support.http import free_port
from wyoming_funasr.service import FunasrService
from wyoming_funasr.settings import FunasrSettings
from wyoming_melotts.service import MelottsService
from wyoming_melotts.settings import MelottsSettings
from wyoming_serving.settings import Settings

SettingsT = TypeVar("SettingsT", bound=Settings)

_COMMON = ("--uri", "tcp://127.0.0.1:0", "--device", "cpu", "--offline")


def speech_to_text() -> FunasrService:
    """The recognizer with the demo model."""
    settings = _load(FunasrSettings, "--model-dir", "demo")
    return FunasrService(settings)


def text_to_speech() -> MelottsService:
    """The demo voice."""
    folder = Path(wyoming_melotts.__file__).parent / "demo_voice"
    return MelottsService(_load(MelottsSettings, "--voices-dir", str(folder), "--cache-mb", "4"))


def _load(cls: type[SettingsT], *words: str) -> SettingsT:
    parser = ArgumentParser()
    cls.add_arguments(parser)
    return cls.load(parser.parse_args([*_COMMON, "--http-port", str(free_port()), *words]))
