"""A hub that accepts and never answers: clients are told, and the service ends with one line."""

from pathlib import Path

import pytest
from wyoming.info import Describe, Info

from tests.support.model_hub import model_hub
from tests.support.processes import server_process
from tests.support.wire import connect
from tests.wyoming_funasr.test_protocol import request
from wyoming_serving.health import ask

WAITING = (
    *("--hub-seconds", "4", "--load-wait-seconds", "0.5", "--device", "cpu", "--no-zeroconf"),
    *("--uri", "tcp://127.0.0.1:0"),
)


@pytest.mark.parametrize("hub_name", ["hf", "modelscope"])
async def test_a_service_whose_model_does_not_come(tmp_path: Path, hub_name: str) -> None:
    with model_hub() as hub:
        hub.silent.set()
        words = (*WAITING, "--hub", hub_name, "--cache-dir", str(tmp_path))
        where = {"HF_ENDPOINT": hub.url, "MODELSCOPE_ENDPOINT": hub.url}
        async with server_process("wyoming_funasr", *words, **where) as server:
            port = await server.port()
            assert not (await ask(f"tcp://127.0.0.1:{port}")).ready
            async with connect(port) as wire:
                await wire.send(Describe())
                [program] = Info.from_event(await wire.read_type("info")).asr
                assert {"zh", "en", "ja", "ko", "yue"} <= set(program.models[0].languages)
                await wire.send(*request())
                await wire.read_error("not-ready")
            assert await server.status() == 1
        hub.mend()
    assert "nothing has arrived for 4 s" in server.log
    assert "Traceback" not in server.log
