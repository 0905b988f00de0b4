"""Where the time of a recorded request went."""

from wyoming.asr import Transcript

from tests.support.collector import collector
from tests.support.wire import connect
from tests.wyoming_funasr.conftest import SettingsMaker
from tests.wyoming_funasr.test_protocol import request
from wyoming_funasr.service import FunasrService
from wyoming_serving.service import running


async def test_a_request_is_recorded_with_its_parts(make_settings: SettingsMaker) -> None:
    with collector() as found:
        words = ("--model-dir", "demo", "--otlp-endpoint", found.endpoint)
        async with running(FunasrService(make_settings(*words))) as port, connect(port) as wire:
            await wire.send(*request())
            text = Transcript.from_event(await wire.read_type("transcript")).text
    assert text
    whole = found.named("transcribe")
    assert {one.trace_id for one in found.spans} == {whole.trace_id}
    assert whole.attributes["outcome"] == "answered"
    assert whole.attributes["ended_by"] == "audio-stop"
    listening = found.named("voice activity")
    assert int(listening.attributes["speech_end_ms"]) > int(listening.attributes["speech_start_ms"])
    assert found.within(found.first("recognition")) == ["recognizer queue", "recognizer run"]
    assert whole.service == "wyoming-funasr"
