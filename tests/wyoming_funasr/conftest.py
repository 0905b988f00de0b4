from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import RandomModel
from wyoming_funasr.service import FunasrService
from wyoming_funasr.settings import FunasrSettings


@pytest.fixture(scope="session")
def tiny_sense_voice(random_model: RandomModel) -> Path:
    def write(folder: Path) -> Path:
        from benchmarks.random_models import TINY, write_sense_voice

        return write_sense_voice(folder, TINY)

    return random_model("SenseVoiceTiny", write)


@pytest.fixture(scope="session")
def tiny_paraformer(random_model: RandomModel) -> Path:
    def write(folder: Path) -> Path:
        from benchmarks.random_models import TINY, write_paraformer

        return write_paraformer(folder, TINY, hotwords=False)

    return random_model("paraformer-tiny", write)


@pytest.fixture(scope="session")
def tiny_seaco(random_model: RandomModel) -> Path:
    def write(folder: Path) -> Path:
        from benchmarks.random_models import TINY, write_paraformer

        return write_paraformer(folder, TINY, hotwords=True)

    return random_model("seaco-tiny", write)


@pytest.fixture(scope="session")
def tiny_paraformer_streaming(random_model: RandomModel) -> Path:
    def write(folder: Path) -> Path:
        from benchmarks.random_models import TINY, write_paraformer_streaming

        return write_paraformer_streaming(folder, TINY)

    return random_model("streaming-tiny", write)


@pytest.fixture(scope="session")
def tiny_fsmn_vad(random_model: RandomModel) -> Path:
    def write(folder: Path) -> Path:
        from benchmarks.random_models import write_fsmn_vad

        return write_fsmn_vad(folder)

    return random_model("fsmn-vad", write)


@pytest.fixture(scope="session")
def tiny_ct_punc(random_model: RandomModel) -> Path:
    def write(folder: Path) -> Path:
        from benchmarks.random_models import TINY, write_ct_punc

        return write_ct_punc(folder, TINY)

    return random_model("ct-punc", write)


SettingsMaker = Callable[..., FunasrSettings]
ServiceMaker = Callable[..., FunasrService]


@pytest.fixture
def make_settings(cache_dir: Path) -> SettingsMaker:
    """Settings from command line words, with nothing of this machine in them."""

    def make(*words: str) -> FunasrSettings:
        parser = ArgumentParser()
        FunasrSettings.add_arguments(parser)
        fixed = ["--uri", "tcp://127.0.0.1:0", "--device", "cpu", "--precision", "float32",
                 "--threads", "1", "--offline", "--cache-dir", str(cache_dir)]  # fmt: skip
        return FunasrSettings.load(parser.parse_args([*fixed, *words]))

    return make


@pytest.fixture
def make_service(make_settings: SettingsMaker, request: pytest.FixtureRequest) -> ServiceMaker:
    """A service with the tiny random SenseVoice, unless the words name another model."""

    def make(*words: str) -> FunasrService:
        if "--model-dir" not in words:  # making its weights takes torch, and a while
            tiny = request.getfixturevalue("tiny_sense_voice")
            words = ("--model-dir", str(tiny), *words)
        return FunasrService(make_settings(*words))

    return make
