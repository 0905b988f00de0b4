"""Home Assistant's own integration sets itself up from what it is told, with nothing typed in.

One way is the Supervisor's message, sent by the add-on's script; the other the announcement on the
network.
"""

import shutil

import pytest

from addon.write_options import ADD_ONS
from tests.client.test_home_assistant import home_assistant, needs_home_assistant
from tests.containers.test_discovery import discover
from tests.support.processes import server_process
from tests.support.supervisor import supervisor

NAME = "discovery-test"

pytestmark = needs_home_assistant


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
async def test_the_message_and_the_announcement_each_make_an_entry() -> None:
    words = ["--model-dir", "demo", "--uri", "tcp://0.0.0.0:0", "--zeroconf-name", NAME,
             "--device", "cpu", "--threads", "1", "--offline"]  # fmt: skip
    async with server_process("wyoming_funasr", *words) as server:
        port = await server.port()
        with supervisor() as api:
            status, said = await discover(ADD_ONS[0], f"tcp://127.0.0.1:{port}", api)
        assert status == 0, said
        answer = await home_assistant(
            language="en",
            light="light",
            entries=[
                {"source": "hassio", "config": api.messages[0]["config"], "remove": True},
                {"source": "zeroconf", "name": NAME, "remove": True},
            ],
        )
        for entry in answer["entries"]:
            assert entry["state"] == "loaded", entry
            assert entry["data"]["port"] == port
            assert entry["entities"] == ["stt.funasr"]
        assert not answer["entries"][1]["data"]["host"].startswith("127.")
        assert await server.terminate() == 0
