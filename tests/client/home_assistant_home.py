"""Home Assistant's own code with a home in it, to be asked through its WebSocket API.

    python home_assistant_home.py PORT

runs in the environment of `install_home_assistant.sh` and imports nothing of this project. It
prints one JSON line with the tokens of an administrator and of another user. Then each line of its
input is a step: `names` prints the names that Assist listens to, the others change the home and
print null.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from home_assistant import boot
from homeassistant.components.conversation import agent_manager
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.const import EVENT_HOMEASSISTANT_START
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry,
    device_registry,
    entity_registry,
    floor_registry,
)

COMPONENTS = (
    "homeassistant", "http", "websocket_api", "config", "intent", "conversation", "input_boolean",
    "template", "script", "scene", "automation",
)  # fmt: skip


async def start(folder: str, port: int) -> HomeAssistant:
    """Start Home Assistant with what YAML files would say."""
    config = {
        "http": {"server_host": ["127.0.0.1"], "server_port": port},
        "input_boolean": {"fan": {"name": "Old Fan"}, "secret": {"name": "Secret"}},
        "template": [{"light": [
            {"name": "Reading Lamp", "unique_id": "lamp", "turn_on": [], "turn_off": []},
            {"name": "Two Words", "unique_id": "same", "turn_on": [], "turn_off": []},
        ]}],
        "script": {"movie": {"alias": "Movie Night", "sequence": []}},
        "scene": [{"name": "Sunset", "entities": {}}],
        "automation": [{
            "id": "cosy", "alias": "Cosy", "actions": [],
            "triggers": [{"trigger": "conversation", "command": ["make it [very] cosy"]}],
        }],
    }  # fmt: skip
    hass = await boot(folder, "en", config, COMPONENTS)
    flow = await hass.config_entries.flow.async_init("shopping_list", context={"source": "user"})
    await hass.config_entries.flow.async_configure(flow["flow_id"], {})
    hass.bus.async_fire(EVENT_HOMEASSISTANT_START)  # the HTTP server waits for it
    await hass.async_block_till_done()
    return hass


def furnish(hass: HomeAssistant) -> None:
    """Give the home a floor, areas, aliases and a device."""
    floors, areas = floor_registry.async_get(hass), area_registry.async_get(hass)
    floor = floors.async_create("Ground Floor", aliases={"Downstairs"})
    den = areas.async_create("Den", aliases={"书房"}, floor_id=floor.floor_id)
    areas.async_create("Garden")
    for entity_id in ("input_boolean.fan", "script.movie"):  # which are not exposed by default
        async_expose_entity(hass, "conversation", entity_id, True)
    entities = entity_registry.async_get(hass)
    lamp = entities.async_get_entity_id("light", "template", "lamp")
    assert lamp
    own = [entity_registry.COMPUTED_NAME] if hasattr(entity_registry, "COMPUTED_NAME") else []
    aliases: Any = [*own, "阅读灯"] if own else {"阅读灯"}
    entities.async_update_entity(lamp, area_id=den.id, aliases=aliases)
    entry = hass.config_entries.async_entries("shopping_list")[0]
    device = device_registry.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={("shopping_list", "device")}, name="Stove"
    )
    plate = entities.async_get_or_create(
        "switch", "shopping_list", "plate", config_entry=entry, device_id=device.id,
        has_entity_name=True, original_name="Left Plate",
    )  # fmt: skip
    hass.states.async_set(plate.entity_id, "off", {"friendly_name": "Stove Left Plate"})


async def token(hass: HomeAssistant, group: str) -> str:
    """A long-lived access token of a new user."""
    user = await hass.auth.async_create_user("Test", group_ids=[group])
    refresh = await hass.auth.async_create_refresh_token(
        user,
        client_name="Test",
        token_type="long_lived_access_token",
        access_token_expiration=timedelta(days=1),
    )
    return str(hass.auth.async_create_access_token(refresh))


async def names(hass: HomeAssistant) -> dict[str, list[list[str]]]:
    """What Home Assistant's own agent listens to: entities with their domains, areas, floors."""
    agent = agent_manager.get_agent_manager(hass).default_agent
    assert agent is not None
    lists = await agent._make_slot_lists()  # noqa: SLF001  there is no public way
    return {
        kind: sorted(
            [str(value.text_in.text), str((value.context or {}).get("domain", ""))]
            for value in lists[kind].values
        )
        for kind in ("name", "area", "floor")
    }


def rename_area(hass: HomeAssistant) -> None:
    """Den becomes Study."""
    areas = area_registry.async_get(hass)
    area = areas.async_get_area_by_name("Den")
    assert area
    areas.async_update(area.id, name="Study")


def rename_entity(hass: HomeAssistant) -> None:
    """Reading Lamp becomes Lantern."""
    entities = entity_registry.async_get(hass)
    lamp = entities.async_get_entity_id("light", "template", "lamp")
    assert lamp
    entities.async_update_entity(lamp, name="Lantern")


def hide(hass: HomeAssistant) -> None:
    """Stop exposing one light."""
    entities = entity_registry.async_get(hass)
    light = entities.async_get_entity_id("light", "template", "same")
    assert light
    async_expose_entity(hass, "conversation", light, False)


STEPS: dict[str, Callable[[HomeAssistant], None]] = {
    "rename area": rename_area,
    "rename entity": rename_entity,
    "hide": hide,
}


async def run(folder: str, port: int) -> None:
    """Serve until the input ends."""
    hass = await start(folder, port)
    try:
        furnish(hass)
        await hass.async_block_till_done()
        tokens = [await token(hass, group) for group in ("system-admin", "system-users")]
        print(json.dumps({"tokens": tokens}), flush=True)
        while step := (await asyncio.to_thread(sys.stdin.readline)).strip():
            if step == "names":
                print(json.dumps(await names(hass), ensure_ascii=False), flush=True)
                continue
            STEPS[step](hass)
            await hass.async_block_till_done()
            print("null", flush=True)
    finally:
        await hass.async_stop(force=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        asyncio.run(run(temporary, int(sys.argv[1])))
