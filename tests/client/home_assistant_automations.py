"""Home Assistant's own code with an MQTT broker and automations, at three in the morning.

    python home_assistant_automations.py '{"port": 1883, "entity": "event.name_heard",
        "automations": [...]}'

runs in the environment of `install_home_assistant.sh` and imports nothing of this project. It sets
up the MQTT integration as a user does, and then prints a JSON line for each state of the entity,
which appears by itself, and for each automation that runs.
"""

import asyncio
import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from home_assistant import boot
from homeassistant.core import Event, HomeAssistant

COMPONENTS = (
    "homeassistant", "http", "websocket_api", "config", "event", "light", "persistent_notification",
    "automation",
)  # fmt: skip


def tell(**content: Any) -> None:
    """Print a line."""
    print(json.dumps(content, default=str), flush=True)


async def make_it_night(hass: HomeAssistant) -> None:
    """Choose a time zone in which it is three in the morning."""
    hours = (3 - datetime.now(UTC).hour + 12) % 24 - 12
    # the signs of these names are the other way round
    await hass.config.async_update(time_zone=f"Etc/GMT{-hours:+d}" if hours else "UTC")


async def add_broker(hass: HomeAssistant, port: int) -> None:
    """Set up the MQTT integration."""
    flow = hass.config_entries.flow
    result = await flow.async_init("mqtt", context={"source": "user"})
    typed: dict[str, Any] = {"broker": "127.0.0.1", "port": port}
    if "other_settings" in map(str, result["data_schema"].schema):  # not so in 2025
        typed["other_settings"] = {"set_client_cert": False, "set_ca_cert": "off"}
    result = await flow.async_configure(result["flow_id"], typed)
    if result["type"] != "create_entry":
        raise RuntimeError(f"the flow made no entry: {result}")
    await hass.async_block_till_done()


async def run(request: dict[str, Any], folder: str) -> None:
    """Do what the request asks, until the input ends."""
    entity = request["entity"]
    config = {
        "http": {"server_host": ["127.0.0.1"]},  # set up, never started
        "automation": request["automations"],
    }
    hass = await boot(folder, "en", config, COMPONENTS)
    await make_it_night(hass)

    async def on_automation(event: Event) -> None:
        tell(automation=event.data["name"])

    async def on_state(event: Event) -> None:
        state = event.data["new_state"]
        if event.data["entity_id"] == entity and state is not None:
            tell(state=state.state, **state.attributes)

    hass.bus.async_listen("automation_triggered", on_automation)
    hass.bus.async_listen("state_changed", on_state)
    await add_broker(hass, request["port"])
    await asyncio.to_thread(sys.stdin.read)
    await hass.async_stop(force=True)


def main() -> None:
    """Answer the request of the command line."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "configuration.yaml").touch()  # which the MQTT integration reads again
        asyncio.run(run(json.loads(sys.argv[1]), folder))


if __name__ == "__main__":
    main()
