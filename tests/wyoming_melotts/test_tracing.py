"""Where the time of a recorded text went."""

from wyoming.tts import Synthesize

from tests.support.collector import collector
from tests.support.wire import connect
from tests.wyoming_melotts.test_streams import audio_of
from wyoming_melotts.service import MelottsService
from wyoming_melotts.settings import MelottsSettings
from wyoming_serving.service import running


async def test_a_text_is_recorded_with_its_parts() -> None:
    with collector() as found:
        settings = MelottsSettings.model_validate(
            {
                "uri": "tcp://127.0.0.1:0",
                "zeroconf": False,
                "offline": True,
                "device": "cpu",
                "voice": "demo",
                "otlp_endpoint": found.endpoint,
            }
        )
        async with running(MelottsService(settings)) as port, connect(port) as wire:
            await wire.send(Synthesize(text="The light is on. The door is closed."))
            assert await audio_of(wire)
    whole = found.named("synthesize")
    assert found.within(whole) == ["sentence", "sentence"]
    first = found.first("sentence")
    assert first.attributes["voice"] == "demo"
    assert sorted(set(found.within(first))) == ["first chunk", "front-end queue", "front-end run"]
    assert found.within(found.first("first chunk")) == ["speaker queue", "speaker run"]
    assert "first_audio_ms" in whole.attributes
