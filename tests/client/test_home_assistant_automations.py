"""Home Assistant's own code runs the examples of docs/automations.md on what the service tells."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt

from tests.client.test_home_assistant import PYTHON, SETTINGS, needs_home_assistant
from tests.support.mosquitto import Broker, mosquitto, needs_mosquitto, subscriber
from tests.support.processes import START_SECONDS, server_process
from tests.wyoming_funasr.automations.test_messages import automations
from tests.wyoming_funasr.automations.test_mqtt import say, words

pytestmark = [needs_home_assistant, needs_mosquitto]

PROGRAM = Path(__file__).with_name("home_assistant_automations.py")
NAME = "funasr-kitchen"
ENTITY = "event.funasr_kitchen_heard"
TOPIC = f"wyoming-funasr/{NAME}/transcript"


class HomeAssistant:
    """A running Home Assistant, and the JSON lines that it prints."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def line(self, key: str) -> dict[str, Any]:
        """The next line with this key; libraries print, too."""
        assert self._process.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            while told := await self._process.stdout.readline():
                if told.startswith(b"{") and key in (content := json.loads(told)):
                    return dict(content)
        raise AssertionError("Home Assistant ended")


@asynccontextmanager
async def home_assistant(broker: Broker) -> AsyncIterator[HomeAssistant]:
    request = {"port": broker.port, "entity": ENTITY, "automations": automations()}
    process = await asyncio.create_subprocess_exec(
        PYTHON, PROGRAM, json.dumps(request),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield HomeAssistant(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_the_entity_appears_by_itself_and_the_examples_run(
    tmp_path: Path,
) -> None:
    async with (
        mosquitto(tmp_path) as broker,
        server_process(
            "wyoming_funasr", *words(broker.port, "--zeroconf-name", NAME), *SETTINGS
        ) as server,
        subscriber(broker) as heard,
        home_assistant(broker) as home,
    ):
        await server.wait_for("ready after")
        appeared = await home.line("state")
        while appeared["state"] == "unavailable":
            appeared = await home.line("state")
        assert appeared["state"] == "unknown"
        assert "cough" in appeared["event_types"]
        assert appeared["friendly_name"] == f"{NAME} Heard"

        await say(await server.port())
        told = await heard.event(TOPIC)
        state = await home.line("event_type")
        assert told.items() <= state.items()
        assert state["emotion"] == "neutral"

        # what the demo model has not learned to hear
        async with aiomqtt.Client("127.0.0.1", broker.port) as others:
            cough = told | {"event_type": "cough", "event": "cough"}
            await others.publish(TOPIC, json.dumps(cough))
            assert (await home.line("automation"))["automation"] == "Note a cough at night"
            angry = told | {"emotion": "angry", "emotion_scores": {"angry": 0.9}}
            await others.publish(TOPIC, json.dumps(angry))
            alias = "Soft light for an angry voice"
            assert (await home.line("automation"))["automation"] == alias
