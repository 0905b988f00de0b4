"""Models that appear in a folder while the service runs, and go."""

import asyncio
import gc
import shutil
from functools import partial
from pathlib import Path

import pytest
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioStart, AudioStop
from wyoming.info import Describe, Info

import wyoming_funasr
from tests.support.event_loop import watched_loop
from tests.support.speech import DATA, RATE_HZ, read_pcm
from tests.support.waiting import until
from tests.support.wire import Wire, connect
from tests.wyoming_funasr.api.listener import serving
from tests.wyoming_funasr.conftest import ServiceMaker
from tests.wyoming_funasr.requests.test_utterance import chunks
from wyoming_funasr.service import FunasrService
from wyoming_serving.errors import ServiceError
from wyoming_serving.service import running
from wyoming_serving.settings import SettingsError

DEMO = Path(wyoming_funasr.__file__).parent / "demo_model"
KITCHEN = read_pcm(DATA / "kitchen_light_off_en.wav")
TEXT = "Turn off the kitchen light."
ALWAYS = "funasr"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


@pytest.fixture
def make(make_service: ServiceMaker, folder: Path) -> ServiceMaker:
    words = ("--model-dir", "demo", "--models-dir", str(folder), "--no-endpointing")
    return partial(make_service, *words)


async def offered(wire: Wire) -> list[str]:
    """The programs of the info message."""
    await wire.send(Describe())
    info = Info.from_event(await wire.read_type("info"))
    assert all(model.installed for program in info.asr for model in program.models)
    return [program.name for program in info.asr]


async def heard(wire: Wire, name: str) -> str:
    start = AudioStart(rate=RATE_HZ, width=2, channels=1)
    await wire.send(Transcribe(name=name), start, *chunks(KITCHEN), AudioStop())
    return Transcript.from_event(await wire.read_type("transcript")).text


def engines(service: FunasrService) -> list[str]:
    return [one.model for one in service.status().engines]


async def test_a_model_that_appears_is_offered_and_one_that_goes_is_not(
    make: ServiceMaker, folder: Path
) -> None:
    service = make()
    async with running(service) as port, connect(port) as wire:
        assert await offered(wire) == [ALWAYS]
        shutil.copytree(DEMO, folder / "second")
        assert await offered(wire) == [ALWAYS, "funasr-second"]
        assert engines(service) == ["demo"]  # nobody wanted it yet
        async with watched_loop() as watch:
            assert await heard(wire, "second") == TEXT
        assert watch.longest_seconds < 0.05
        assert engines(service) == ["demo", "second"]
        assert set(service.status().queues) == {"recognizer", "recognizer second", "ears"}

        shutil.rmtree(folder / "second")
        assert await offered(wire) == [ALWAYS]
        assert engines(service) == ["demo"]
        await wire.send(Transcribe(name="second"))
        assert (await wire.read_error("unknown-model")).endswith("allowed: demo")


async def test_the_list_of_models_is_of_what_is_there(make: ServiceMaker, folder: Path) -> None:
    async with serving(make) as server:
        for there in (["demo"], ["demo", "second"]):
            async with server.browser.get("/v1/models") as answer:
                assert [one["id"] for one in (await answer.json())["data"]] == there
            shutil.copytree(DEMO, folder / "second", dirs_exist_ok=True)


async def test_who_uses_a_model_that_goes_is_answered(make: ServiceMaker, folder: Path) -> None:
    shutil.copytree(DEMO, folder / "second")
    service = make()
    async with running(service) as port, connect(port) as wire, connect(port) as other:
        start = AudioStart(rate=RATE_HZ, width=2, channels=1)
        first, *rest = chunks(KITCHEN)
        await wire.send(Transcribe(name="second"), start, first)
        await until(lambda: engines(service) == ["demo", "second"])
        shutil.rmtree(folder / "second")
        assert await offered(other) == [ALWAYS]
        await wire.send(*rest, AudioStop())
        assert Transcript.from_event(await wire.read_type("transcript")).text == TEXT
    names = {task.get_name() for task in asyncio.all_tasks()}
    assert "scheduler recognizer second" not in names


async def test_a_model_that_nobody_uses_any_more_leaves_memory(
    make: ServiceMaker, folder: Path
) -> None:
    shutil.copytree(DEMO, folder / "second")
    async with running(make()) as port, connect(port) as wire:
        async with connect(port) as other:
            assert await heard(other, "second") == TEXT
        shutil.rmtree(folder / "second")
        assert await offered(wire) == [ALWAYS]

        def is_gone() -> bool:
            gc.collect()  # a connection that ends is a circle
            return not any("recognizer second" in task.get_name() for task in asyncio.all_tasks())

        await until(is_gone)


async def test_a_broken_folder_is_one_line_and_is_not_offered(
    make: ServiceMaker, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(DEMO, folder / "half")
    (folder / "half/am.mvn").unlink()
    shutil.copytree(DEMO, folder / "damaged")
    (folder / "damaged/am.mvn").write_text("nothing")
    shutil.copytree(DEMO, folder / "demo")
    async with running(make()) as port, connect(port) as wire:
        assert await offered(wire) == await offered(wire) == [ALWAYS, "funasr-damaged"]
        assert caplog.text.count("half is not offered: ") == 1
        assert caplog.text.count("demo is not offered: another model has its name") == 1

        async with connect(port) as other:  # what only loading shows
            await other.send(Transcribe(name="damaged"))
            await other.send(AudioStart(rate=RATE_HZ, width=2, channels=1), *chunks(KITCHEN))
            assert "am.mvn" in await other.read_error("model-invalid")
        assert await offered(wire) == [ALWAYS]
        assert caplog.text.count("damaged cannot be loaded, and is offered no more") == 1
        for name in ("half", "damaged"):
            shutil.copy(DEMO / "am.mvn", folder / name / "am.mvn")
        assert await offered(wire) == [ALWAYS, "funasr-damaged", "funasr-half"]
        assert await heard(wire, "damaged") == TEXT


async def test_as_many_are_loaded_as_may_be(
    make: ServiceMaker, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wyoming_funasr.service.MOST_MODELS", 2)
    for name in "ab":
        shutil.copytree(DEMO, folder / name)
    async with running(make()) as port, connect(port) as wire:
        assert await heard(wire, "a") == TEXT
        async with connect(port) as other:
            await other.send(Transcribe(name="b"))
            await other.send(AudioStart(rate=RATE_HZ, width=2, channels=1), *chunks(KITCHEN))
            assert "at most 2" in await other.read_error("not-ready")
        shutil.rmtree(folder / "a")
        assert await offered(wire) == [ALWAYS, "funasr-b"]
        assert await heard(wire, "b") == TEXT


def test_the_folder_must_be_there(make: ServiceMaker, folder: Path) -> None:
    folder.rmdir()
    with pytest.raises(ServiceError, match="is not a folder"):
        make()


def test_replicas_have_one_model(make: ServiceMaker) -> None:
    with pytest.raises(SettingsError, match="models_dir needs engine in-process"):
        make("--engine", "ray")
