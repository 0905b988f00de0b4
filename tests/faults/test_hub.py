"""A hub that accepts and never answers: clients are told, and the service ends with one line."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from wyoming.event import Event, Eventable
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize

from tests.support.model_hub import model_hub
from tests.support.processes import server_process
from tests.support.wire import connect
from tests.wyoming_funasr.test_protocol import request
from wyoming_serving.health import ask

WAITING = (
    *("--hub-seconds", "4", "--load-wait-seconds", "0.5", "--device", "cpu", "--no-zeroconf"),
    *("--uri", "tcp://127.0.0.1:0"),
)


HEAR = ("wyoming_funasr", ("--model-dir", "SenseVoiceSmall"), tuple(request()))
SPEAK = ("wyoming_melotts", ("--voice", "ZH"), (Synthesize(text="你好。"),))


@pytest.mark.parametrize("hub_name", ["hf", "modelscope"])
@pytest.mark.parametrize(("module", "chosen", "asked"), [HEAR, SPEAK], ids=["funasr", "melotts"])
async def test_a_service_whose_model_does_not_come(
    tmp_path: Path,
    hub_name: str,
    module: str,
    chosen: Sequence[str],
    asked: Sequence[Event | Eventable],
) -> None:
    with model_hub() as hub:
        hub.silent.set()
        words = (*WAITING, *chosen, "--hub", hub_name, "--cache-dir", str(tmp_path))
        where = {"HF_ENDPOINT": hub.url, "MODELSCOPE_ENDPOINT": hub.url}
        async with server_process(module, *words, **where) as server:
            port = await server.port()
            assert not (await ask(f"tcp://127.0.0.1:{port}")).ready
            async with connect(port) as wire:
                await wire.send(Describe())
                info = Info.from_event(await wire.read_type("info"))
                heard = {tag for one in info.asr for model in one.models for tag in model.languages}
                spoken = {
                    tag for one in info.tts for voice in one.voices for tag in voice.languages
                }
                assert any(tag.startswith("zh") for tag in heard | spoken)
                await wire.send(*asked)
                await wire.read_error("not-ready")
            assert await server.status() == 1
        hub.mend()
    assert "nothing has arrived for 4 s" in server.log
    assert "Traceback" not in server.log
    last = server.log.splitlines()[-1]
    assert f"--cache-dir {tmp_path} " in last  # with the user's own options
