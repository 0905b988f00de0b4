"""A home in the running service: its names are heard, and written as Home Assistant knows them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioStart, AudioStop

from tests.support.speech import DATA, RATE_HZ, read_pcm
from tests.support.waiting import until
from tests.support.wire import Wire, connect
from tests.wyoming_funasr.conftest import ServiceMaker
from tests.wyoming_funasr.requests.test_utterance import chunks, silence
from wyoming_funasr.service import FunasrService
from wyoming_serving.errors import ServiceError
from wyoming_serving.service import running

Context = dict[str, Any]

CLOUD = DATA / "home_assistant_cloud"

HOME = """
areas:
- {name: 电脑房}
- {name: Reading Room}
entities:
- {name: 客厅灯, domain: light}
- {name: 洗衣房灯, domain: light}
- {name: 😀, domain: light}
- {name: "{}[]<>|()", domain: switch}
- {name: Reading Room Light, domain: light}
- {name: Reading Room Light, domain: switch}
- {name: Robbie, domain: vacuum}
"""


@pytest.fixture
def home_file(tmp_path: Path) -> Path:
    file = tmp_path / "home.yaml"
    file.write_text(HOME, encoding="utf-8")
    return file


async def _transcript(
    wire: Wire, file: Path, language: str | None = None, names: Sequence[str] = ()
) -> Transcript:
    pcm = read_pcm(file) + silence(1.5)
    start = AudioStart(rate=RATE_HZ, width=2, channels=1)
    asked = Transcribe(language=language).event()
    asked.data["transcript_names"] = list(names)
    await wire.send(asked, start, *chunks(pcm), AudioStop())
    return Transcript.from_event(await wire.read_type("transcript"))


async def _known(service: FunasrService, *languages: str) -> None:
    home = service.home
    assert home is not None
    await until(lambda: set(languages) <= set(home.languages))


async def _heard(service: FunasrService, language: str, file: Path) -> tuple[Transcript, Context]:
    """What is heard in a running home, and the transcript's context."""
    async with running(service) as port, connect(port) as wire:
        await _known(service, language)
        transcript = await _transcript(wire, file)
    assert transcript.context is not None
    return transcript, transcript.context


async def test_a_name_that_could_be_all_that_was_said_hides_no_command(
    make_service: ServiceMaker, home_file: Path
) -> None:
    """Slowly spoken: the name alone would fit into all of the speech."""
    service = make_service("--model-dir", "demo", "--home", str(home_file), "--languages", "en")
    heard, context = await _heard(service, "en", DATA / "vacuum_returns_en.wav")
    assert heard.text.rstrip(".").lower() == "return robbie to base"
    assert context["intent"] == "HassVacuumReturnToBase"


async def test_an_entity_is_named_as_home_assistant_knows_it(
    make_service: ServiceMaker, home_file: Path
) -> None:
    service = make_service("--model-dir", "demo", "--home", str(home_file), "--languages", "zh")
    heard, context = await _heard(service, "zh", CLOUD / "living_room_light_zh.wav")
    assert heard.text.rstrip("。") == "打开客厅灯"
    assert context["intent"] == "HassTurnOn"
    assert context["ambiguous"] is False
    assert [word["text"] for word in context["words"]][:4] == list("打开客厅")


async def test_a_room_that_the_model_never_heard_of_is_heard(
    make_service: ServiceMaker, home_file: Path
) -> None:
    service = make_service("--model-dir", "demo", "--home", str(home_file))
    async with running(service) as port, connect(port) as wire:
        await _known(service, "zh", "en")
        computer = await _transcript(wire, DATA / "computer_room_light_zh.wav")
        reading = await _transcript(wire, DATA / "reading_room_light_en.wav")
    assert "电脑房" in computer.text
    assert "reading room" in reading.text.lower()


async def test_the_words_of_a_request_count_beside_the_home(
    make_service: ServiceMaker, home_file: Path
) -> None:
    service = make_service("--model-dir", "demo", "--home", str(home_file), "--languages", "zh")
    async with running(service) as port, connect(port) as wire:
        await _known(service, "zh")
        file = DATA / "small_fan_on_zh.wav"  # of which the home knows nothing
        unsure = await _transcript(wire, file)
        heard = await _transcript(wire, file, names=["小风扇"])
    assert "小风扇" not in unsure.text
    assert "小风扇" in heard.text


async def test_names_are_written_in_the_characters_of_the_home(
    make_service: ServiceMaker, tmp_path: Path
) -> None:
    file = tmp_path / "home.yaml"
    file.write_text("entities:\n- {name: 客厅灯, domain: light}\n", encoding="utf-8")
    service = make_service("--model-dir", "demo", "--home", str(file), "--languages", "zh")
    async with running(service) as port, connect(port) as wire:
        await _known(service, "zh")
        await _transcript(wire, CLOUD / "living_room_light_zh.wav", "zh-TW")
        await _known(service, "zh-TW")
        heard = await _transcript(wire, CLOUD / "living_room_light_zh.wav", "zh-TW")
    assert heard.text.rstrip("。") == "打開客厅灯"


@pytest.mark.parametrize(
    ("room", "recording", "least_ms"),
    [
        ("{name: Kitchen, aliases: [卧室]}", "kitchen_light_off_en.wav", 300),
        ("{name: Kitchen, aliases: [卧室]}", "bedroom_light_off_zh.wav", 300),
        ("{name: Attic}", "kitchen_light_off_en.wav", 700),  # such a room is not in the home
        ("{name: Attic}", "bedroom_light_off_zh.wav", 700),
    ],
)
async def test_a_command_of_the_home_ends_soon_and_others_as_home_assistant_would(
    room: str, recording: str, least_ms: int, make_service: ServiceMaker, tmp_path: Path
) -> None:
    file = tmp_path / "home.yaml"
    file.write_text(f"areas: [{room}]\nentities: [{{name: Lamp, domain: light}}]", "utf-8")
    service = make_service("--model-dir", "demo", "--home", str(file))
    async with running(service) as port, connect(port) as wire:
        await _known(service, "zh", "en")
        context = (await _transcript(wire, DATA / recording)).context
    assert context is not None
    assert least_ms <= context["audio_ms"] - context["speech_end_ms"] < least_ms + 150
    assert (context.get("intent") is None) is (least_ms == 700)


async def test_transcripts_do_not_wait_for_the_home(
    make_service: ServiceMaker, home_file: Path
) -> None:
    service = make_service("--model-dir", "demo", "--home", str(home_file), "--languages", "ko")
    async with running(service) as port, connect(port) as wire:
        heard = await _transcript(wire, DATA / "kitchen_light_off_en.wav")
    assert heard.text == "Turn off the kitchen light."


def test_a_home_with_an_error_is_refused(make_service: ServiceMaker, tmp_path: Path) -> None:
    file = tmp_path / "home.yaml"
    file.write_text("entities:\n- {nam: Lamp}\n", encoding="utf-8")
    with pytest.raises(ServiceError, match=r"home\.yaml, line 2: 'nam' is unknown"):
        make_service("--home", str(file))


@pytest.mark.parametrize("words", [("--min-confidence", "1"), ("--ignored-events", "bgm")])
async def test_what_is_not_meant_for_it_has_no_text(
    make_service: ServiceMaker, words: tuple[str, str]
) -> None:
    service = make_service("--model-dir", "demo", *words)
    async with running(service) as port, connect(port) as wire:
        heard = await _transcript(wire, DATA / "kitchen_light_off_en.wav")
    assert (heard.text == "") is (words[0] == "--min-confidence")


async def test_speech_is_in_a_language_of_the_home(make_service: ServiceMaker) -> None:
    async with running(make_service("--model-dir", "demo", "--languages", "zh")) as port:
        async with connect(port) as wire:
            heard = await _transcript(wire, DATA / "kitchen_light_off_en.wav")
            assert heard.text
