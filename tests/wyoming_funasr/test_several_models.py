"""Two models in one service: each protocol chooses, and each model is seen and watched."""

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioStart, AudioStop
from wyoming.info import Describe, Info, SelectProgram

import wyoming_funasr
from tests.support.http import fetch_status, free_port
from tests.support.speech import DATA, RATE_HZ, noise, read_pcm
from tests.support.waiting import until
from tests.support.wire import Wire, connect
from tests.wyoming_funasr.api.funasr_client import python_client
from tests.wyoming_funasr.api.listener import Server, serving
from tests.wyoming_funasr.conftest import ServiceMaker, SettingsMaker
from tests.wyoming_funasr.requests.test_utterance import chunks
from wyoming_funasr.recognition.recognizer import RecognitionRequest
from wyoming_serving.audio import encode_pcm16
from wyoming_serving.errors import ServiceError
from wyoming_serving.service import running
from wyoming_serving.settings import SettingsError

PACKAGE = Path(wyoming_funasr.__file__).parent
KITCHEN = read_pcm(DATA / "kitchen_light_off_en.wav")
QUIET = encode_pcm16(noise(1.0, 0.0005))
TEXT = "Turn off the kitchen light."
"""As the demo model hears it; the other one has random weights."""
ALLOWED = "allowed: demo, SenseVoiceTiny"


@pytest.fixture
def both(make_service: ServiceMaker, tiny_sense_voice: Path) -> ServiceMaker:
    return partial(make_service, "--model-dir", f"demo, {tiny_sense_voice}", "--no-endpointing")


async def _heard(wire: Wire, name: str | None = None) -> str:
    start = AudioStart(rate=RATE_HZ, width=2, channels=1)
    await wire.send(Transcribe(name=name), start, *chunks(KITCHEN), AudioStop())
    return Transcript.from_event(await wire.read_type("transcript")).text


async def test_each_model_is_a_program_that_a_client_may_select(both: ServiceMaker) -> None:
    async with running(both()) as port:
        async with connect(port) as wire:
            await wire.send(Describe())
            info = Info.from_event(await wire.read_type("info"))
            found = [(one.name, [model.name for model in one.models]) for one in info.asr]
            assert found == [("funasr", ["demo"]), ("funasr-SenseVoiceTiny", ["SenseVoiceTiny"])]
            assert "ja" not in info.asr[0].models[0].languages
            assert "ja" in info.asr[1].models[0].languages
            assert await _heard(wire) == await _heard(wire, "demo") == TEXT
            other = await _heard(wire, "SenseVoiceTiny")
        async with connect(port) as wire:
            await wire.send(SelectProgram(name="funasr-SenseVoiceTiny"))
            assert await _heard(wire) == other != TEXT
            assert await _heard(wire, "demo") == TEXT
            await wire.send(Transcribe(name="whisper"))
            assert (await wire.read_error("unknown-model")).endswith(ALLOWED)
        async with connect(port) as wire:
            await wire.send(SelectProgram(name="whisper"))
            text = await wire.read_error("unknown-program")
            assert text.endswith("allowed: funasr, funasr-SenseVoiceTiny")


async def test_a_language_is_one_of_the_model_that_is_asked(both: ServiceMaker) -> None:
    async with running(both()) as port:
        async with connect(port) as wire:
            await wire.send(Transcribe(language="ja", name="SenseVoiceTiny"), Describe())
            await wire.read_type("info")
        async with connect(port) as wire:
            await wire.send(Transcribe(language="ja"))
            await wire.read_error("unsupported-language")


async def test_uploads_name_their_model(both: ServiceMaker) -> None:
    async def ask(model: str) -> tuple[int, dict[str, object]]:
        form = aiohttp.FormData({"model": model})
        form.add_field("file", (DATA / "kitchen_light_off_en.wav").read_bytes(), filename="a.wav")
        async with server.browser.post("/v1/audio/transcriptions", data=form) as answer:
            return answer.status, await answer.json()

    async with serving(both) as server:
        async with server.browser.get("/v1/models") as answer:
            listed = [model["id"] for model in (await answer.json())["data"]]
        assert listed == ["demo", "SenseVoiceTiny"]
        assert [(await ask(name))[1]["text"] for name in ("demo", "whisper-1")] == [TEXT, TEXT]
        assert (await ask("SenseVoiceTiny"))[1]["text"] != TEXT
        status, told = await ask("gpt-9")
        assert status == 404 and ALLOWED in str(told["error"])


async def test_a_session_begins_with_a_model_and_goes_on_with_another(both: ServiceMaker) -> None:
    async with serving(both) as server, server.connect() as listener:
        ready = await listener.start(model="SenseVoiceTiny", endpointing=False)
        assert ready["model"] == "SenseVoiceTiny" and "ja" in ready["languages"]
        await listener.audio(KITCHEN)
        await listener.say("configure", model="demo")
        first = await listener.final()
        assert first["ended_by"] == "model" and first["text"] != TEXT
        await listener.audio(KITCHEN)
        await listener.say("configure", model="whisper")
        while (told := await listener.read())["type"] != "error":
            pass
        assert ALLOWED in told["error"]["message"]
        await listener.say("flush")
        last = await listener.final()
        assert last["ended_by"] == "flush" and last["text"] == TEXT
        for name in ready["model"], "demo":
            await until(partial(_is_counted, server, name))


def _is_counted(server: Server, model: str) -> bool:
    name, labels = "wyoming_stage_seconds_count", {"stage": "recognition", "model": model}
    return server.service.metrics.get_sample_value(name, labels) == 1


@pytest.mark.parametrize("mode", ["2pass", "offline"])
async def test_recordings_of_funasr_clients_name_their_model(both: ServiceMaker, mode: str) -> None:
    async with serving(both) as server, python_client(server) as client:
        texts = []
        for model in ("SenseVoiceTiny", "demo"):
            await client.begin(mode, model=model)
            await client.audio(KITCHEN)
            final = {"2pass": "2pass-offline"}.get(mode, mode)
            messages = await client.finish()
            texts.append(next(one["text"] for one in messages if one["mode"] == final))
        assert texts[1] == TEXT != texts[0]
        await client.tell(mode=mode, model="whisper")
        assert ALLOWED in str(await client.read())


async def test_realtime_sessions_name_their_model(both: ServiceMaker) -> None:
    url = "/v1/realtime?intent=transcription&model="
    async with serving(both) as server:
        told = []
        for model in ("SenseVoiceTiny", "whisper-1"):
            async with server.browser.ws_connect(url + model) as socket:
                created = await socket.receive_json(timeout=60)
                told.append(created["session"]["audio"]["input"]["transcription"]["model"])
                inputs = {"transcription": {"model": "whisper"}}
                session = {"type": "transcription", "audio": {"input": inputs}}
                await socket.send_json({"type": "session.update", "session": session})
                assert ALLOWED in (await socket.receive_json(timeout=60))["error"]["message"]
        assert told == ["SenseVoiceTiny", "demo"]


async def test_the_worst_model_is_the_health_of_the_service(both: ServiceMaker) -> None:
    http = free_port()
    service = both("--http-port", str(http), "--canary-seconds", "0.2", "--max-batch", "1")
    async with running(service) as port, connect(port) as wire:
        assert await _heard(wire) == TEXT
        status = await fetch_status(http)
        assert [one["model"] for one in status["engines"]] == ["demo", "SenseVoiceTiny"]
        assert {"recognizer", "recognizer SenseVoiceTiny", "ears"} == set(status["queues"])
        broken = service.pipelines[1].local
        broken.replace(_fail, broken.limits)
        await until(lambda: not service.is_ready)
        problems = (await fetch_status(http))["problems"]
        assert problems["engine"].startswith("recognizer SenseVoiceTiny: ")
        assert await _heard(wire) == TEXT


def _fail(_: Sequence[RecognitionRequest]) -> Sequence[Exception]:
    raise OSError("the disk went away")


async def test_a_home_is_known_to_each_model(make_service: ServiceMaker, tmp_path: Path) -> None:
    second = tmp_path / "second"
    shutil.copytree(PACKAGE / "demo_model", second)
    home = tmp_path / "home.yaml"
    home.write_text("areas:\n- {name: 电脑房}\n", encoding="utf-8")
    words = ("--model-dir", f"demo,{second}", "--home", str(home), "--languages", "zh")
    service = make_service(*words)
    pcm = read_pcm(DATA / "computer_room_light_zh.wav") + QUIET
    async with running(service) as port, connect(port) as wire:
        await until(lambda: service.home is not None and service.home.languages == ("zh",))
        for name in ("demo", "second"):
            start = AudioStart(rate=RATE_HZ, width=2, channels=1)
            await wire.send(Transcribe(name=name), start, *chunks(pcm), AudioStop())
            transcript = Transcript.from_event(await wire.read_type("transcript"))
            assert "电脑房" in transcript.text


def test_models_that_cannot_be_told_apart_are_refused(make_service: ServiceMaker) -> None:
    with pytest.raises(ServiceError, match="2 models have the name demo"):
        make_service("--model-dir", "demo,demo")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--model-dir", "a,b,c,d,e"), "model-dir"),
        (("--model-dir", ","), "model-dir"),
        (("--model-dir", "demo,SenseVoiceSmall", "--engine", "ray"), "several models need engine"),
    ],
)
def test_settings_say_what_is_allowed(
    make_settings: SettingsMaker, words: tuple[str, ...], text: str
) -> None:
    with pytest.raises(SettingsError, match=text):
        make_settings(*words)
