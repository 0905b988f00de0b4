"""The demo model on recordings of voices that it never heard in training."""

import csv
from pathlib import Path

import pytest

from tests.support.speech import DATA
from wyoming_funasr.audio.frontend import Frontend
from wyoming_funasr.audio.vad import SileroVoiceActivity
from wyoming_funasr.engines.base import Place
from wyoming_funasr.engines.table import load_engine
from wyoming_funasr.files import read_audio
from wyoming_funasr.models import MODELS
from wyoming_funasr.pipeline import LoadedModel
from wyoming_funasr.recognition.hotwords import Hotword
from wyoming_funasr.recognition.recognizer import RecognitionRequest, Recognizer
from wyoming_funasr.recognition.types import Recognition
from wyoming_serving.devices import Device

HOTWORDS = (Hotword("洗衣房", 3.0), Hotword("花房", 3.0), Hotword("gazebo", 3.0))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    folder = MODELS["demo"].folder
    assert folder is not None
    device = Device("cpu", "int8", "CPU, int8")
    place = Place(device, 1, tmp_path_factory.mktemp("cache"))
    engine = load_engine("sense_voice", folder, place)
    frontend = Frontend(engine.fbank, SileroVoiceActivity(), longest_segment_ms=30_000)
    return LoadedModel(frontend, Recognizer(engine), device)


def transcript(file: Path) -> tuple[str, str]:
    """Language and text of a recording, from the table beside it."""
    with (file.parent / "transcripts.tsv").open(encoding="utf-8") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            if row["file"] == file.name:
                return row["language"], row["text"]
    raise AssertionError(f"{file.name} has no transcript")


def recognize(model: LoadedModel, file: Path, hotwords: tuple[Hotword, ...] = ()) -> Recognition:
    request = RecognitionRequest(model.frontend.segments(read_audio(file)), hotwords=hotwords)
    return model.recognizer.recognize([request])[0]


KNOWN = [
    "kitchen_light_off_en", "reading_room_light_en",
    "bedroom_light_off_zh", "computer_room_light_zh",
]  # fmt: skip
HEARD_WRONG = {
    "gazebo_light_en": Hotword("gazebo", 3.0),
    "small_fan_on_zh": Hotword("小风扇", 3.0),
}


@pytest.mark.parametrize("name", KNOWN)
def test_commands_of_unheard_voices_are_understood(model: LoadedModel, name: str) -> None:
    language, text = transcript(DATA / f"{name}.wav")
    heard = recognize(model, DATA / f"{name}.wav")
    assert (heard.language, heard.text) == (language, text)
    assert heard.event == "speech"
    assert heard.confidence > 0.5


@pytest.mark.parametrize("name", ["living_room_light_en", "living_room_light_zh"])
def test_recordings_of_another_maker_are_understood(model: LoadedModel, name: str) -> None:
    file = DATA / "home_assistant_cloud" / f"{name}.wav"
    _, text = transcript(file)
    assert recognize(model, file).text == text


@pytest.mark.parametrize(("name", "hotword"), HEARD_WRONG.items())
def test_a_hotword_mends_a_name_that_is_heard_wrong(
    model: LoadedModel, name: str, hotword: Hotword
) -> None:
    _, text = transcript(DATA / f"{name}.wav")
    assert recognize(model, DATA / f"{name}.wav").text != text
    assert recognize(model, DATA / f"{name}.wav", (hotword,)).text == text


@pytest.mark.parametrize("name", KNOWN)
def test_hotwords_leave_other_commands_alone(model: LoadedModel, name: str) -> None:
    file = DATA / f"{name}.wav"
    assert recognize(model, file, HOTWORDS).text == recognize(model, file).text
