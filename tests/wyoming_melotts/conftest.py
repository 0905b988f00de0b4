from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import RandomModel
from wyoming_melotts.service import MelottsService
from wyoming_melotts.settings import MelottsSettings

SettingsMaker = Callable[..., MelottsSettings]
ServiceMaker = Callable[..., MelottsService]


@pytest.fixture(scope="session")
def voices_dir(random_model: RandomModel) -> Path:
    """A folder with an English voice of three speakers."""

    def write(folder: Path) -> Path:
        from tests.wyoming_melotts.tiny_voice import make_voice

        return make_voice(folder)

    return random_model("voices/EN", write).parent


@pytest.fixture
def make_settings(voices_dir: Path, cache_dir: Path) -> SettingsMaker:
    """Settings for a machine without a network, with whatever the test changes."""

    def make(**changes: object) -> MelottsSettings:
        given = {
            "uri": "tcp://127.0.0.1:0",
            "zeroconf": False,
            "device": "cpu",
            "offline": True,
            "silence_after_seconds": 0,  # a busy machine computes slowly
            "voices_dir": voices_dir,
            "cache_dir": cache_dir,
        }
        parser = ArgumentParser()
        MelottsSettings.add_arguments(parser)
        namespace = parser.parse_args([])
        vars(namespace).update(given | changes)
        return MelottsSettings.load(namespace)

    return make


@pytest.fixture
def make_service(make_settings: SettingsMaker) -> ServiceMaker:
    def make(**changes: object) -> MelottsService:
        return MelottsService(make_settings(**changes))

    return make
