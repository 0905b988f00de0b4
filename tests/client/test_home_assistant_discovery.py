"""Home Assistant's own integration sets itself up from what it is told, with nothing typed in.

One way is the Supervisor's message, sent by the add-on's script; the other the announcement on the
network.
"""

import json
import shutil

import pytest

from addon.write_options import ADD_ONS
from tests.client.test_home_assistant import CLIENT, PYTHON, pytestmark  # noqa: F401
from tests.containers.test_discovery import discover
from tests.support.processes import run_to_end, server_process
from tests.support.supervisor import supervisor

NAME = "discovery-test"

SET_UP = """
import asyncio, json, sys, tempfile
sys.path.insert(0, sys.argv[1])
import ha_client
from homeassistant.helpers.service_info.hassio import HassioServiceInfo

async def set_up(hass, source, data):
    flow = hass.config_entries.flow
    result = await flow.async_init("wyoming", context={"source": source}, data=data)
    entry = await ha_client.finish_flow(hass, result, source)
    await hass.async_block_till_done()
    print(json.dumps({"source": source, "state": entry.state.value, "data": dict(entry.data),
                      "entities": [state.entity_id for state in hass.states.async_all("stt")]}))
    await hass.config_entries.async_remove(entry.entry_id)

async def main(message, name):
    with tempfile.TemporaryDirectory() as folder:
        hass = await ha_client.start_hass(folder, "en", "light")
        told = HassioServiceInfo(config=message["config"], name="FunASR", slug="funasr", uuid="1")
        await set_up(hass, "hassio", told)
        await set_up(hass, "zeroconf", await ha_client.mdns_browse(hass, name, 60))
        await hass.async_stop(force=True)

asyncio.run(main(json.loads(sys.argv[2]), sys.argv[3]))
"""


async def set_up(message: dict[str, object]) -> str:
    """Run Home Assistant on the message and the announcement; gives what it printed."""
    words = (json.dumps(message), NAME)
    status, output = await run_to_end(PYTHON, "-c", SET_UP, CLIENT.parent, *words)
    assert status == 0, output
    return output


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_the_message_and_the_announcement_each_make_an_entry() -> None:
    words = ["--model-dir", "demo", "--uri", "tcp://0.0.0.0:0", "--zeroconf-name", NAME,
             "--device", "cpu", "--threads", "1", "--offline"]  # fmt: skip
    async with server_process("wyoming_funasr", *words) as server:
        port = await server.port()
        with supervisor() as api:
            status, said = await discover(ADD_ONS[0], f"tcp://127.0.0.1:{port}", api)
        assert status == 0, said
        output = await set_up(api.messages[0])
        made = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
        assert [entry["source"] for entry in made] == ["hassio", "zeroconf"]
        for entry in made:
            assert entry["state"] == "loaded", output
            assert entry["data"]["port"] == port
            assert entry["entities"] == ["stt.funasr"]
        assert not made[1]["data"]["host"].startswith("127.")
        assert await server.terminate() == 0
