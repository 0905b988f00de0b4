"""Home Assistant's own code hears a command through our servers and turns the light on.

`make test-home-assistant` installs it, in an environment of its own, and runs these tests.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import run_to_end, server_process
from tests.support.speech import DATA

CLIENT = Path(__file__).with_name("home_assistant.py")
VERSION = os.environ.get("HOME_ASSISTANT", "2025.12.5")
PYTHON = Path(__file__).parents[2] / ".home-assistant" / VERSION / "venv" / "bin" / "python"

needs_home_assistant = pytest.mark.skipif(
    not PYTHON.is_file(), reason="needs Home Assistant (`make test-home-assistant` installs it)"
)
pytestmark = needs_home_assistant

SETTINGS = ("--uri", "tcp://127.0.0.1:0", "--device", "cpu", "--threads", "1", "--offline")
COMMANDS = [
    ("en", "living room light", "living_room_light_en.wav", "Turn on the living room light."),
    # Home Assistant takes 的 for a part of the name, so the light is called as one says it.
    ("zh-Hans", "客厅的灯", "living_room_light_zh.wav", "打开客厅的灯。"),
]


async def home_assistant(**request: Any) -> dict[str, Any]:
    """Run Home Assistant with a request; returns its answer."""
    status, output = await run_to_end(PYTHON, CLIENT, json.dumps(request))
    assert status == 0, output
    answer: dict[str, Any] = json.loads(output.splitlines()[-1])
    return answer


def typed_in(port: int) -> dict[str, Any]:
    """What a user types to add a server."""
    return {"source": "user", "host": "127.0.0.1", "port": port}


@pytest.mark.parametrize(("language", "light", "recording", "text"), COMMANDS)
async def test_a_spoken_command_turns_the_light_on(
    language: str, light: str, recording: str, text: str
) -> None:
    async with server_process("wyoming_funasr", "--model-dir", "demo", *SETTINGS) as server:
        port = await server.port()
        await server.wait_for("ready after")
        answer = await home_assistant(
            language=language,
            light=light,
            entries=[typed_in(port)],
            recordings=[str(DATA / "home_assistant_cloud" / recording)],
        )
        assert answer["entries"][0]["entities"] == ["stt.funasr"]
        command = answer["commands"][0]
        assert (command["error"], command["transcript"]) == (None, text)
        assert command["light"] == "on", command
        assert await server.terminate() == 0


async def test_a_home_says_what_the_light_is_called(tmp_path: Path) -> None:
    """打开客厅的灯 is said; Home Assistant alone finds nothing that is called 客厅的."""
    home = tmp_path / "home.yaml"
    home.write_text("entities: [{name: 客厅灯, domain: light}]", encoding="utf-8")
    heard = []
    for words in ((), ("--home", str(home), "--languages", "zh")):
        async with server_process(
            "wyoming_funasr", "--model-dir", "demo", *SETTINGS, *words
        ) as server:
            port = await server.port()
            await server.wait_for("the home is known in zh" if words else "ready after")
            answer = await home_assistant(
                language="zh-Hans",
                light="客厅灯",
                entries=[typed_in(port)],
                recordings=[str(DATA / "home_assistant_cloud" / "living_room_light_zh.wav")],
            )
            command = answer["commands"][0]
            heard.append((command["transcript"].rstrip("。"), command["light"]))
            assert await server.terminate() == 0
    assert heard == [("打开客厅的灯", "off"), ("打开客厅灯", "on")]


@pytest.mark.parametrize(("language", "light", "recording", "text"), COMMANDS)
async def test_both_demo_models_hear_a_command_and_speak_the_answer(
    language: str, light: str, recording: str, text: str
) -> None:
    async with (
        server_process("wyoming_funasr", "--model-dir", "demo", *SETTINGS) as recognizer,
        server_process("wyoming_melotts", "--voice", "demo", *SETTINGS) as voice,
    ):
        ports = [await server.port() for server in (recognizer, voice)]
        for server in (recognizer, voice):
            await server.wait_for("ready after")
        answer = await home_assistant(
            language=language,
            light=light,
            entries=[typed_in(port) for port in ports],
            recordings=[str(DATA / "home_assistant_cloud" / recording)],
            voice="demo",
        )
        command = answer["commands"][0]
        assert (command["error"], command["transcript"]) == (None, text)
        assert command["light"] == "on", command
        assert command["spoken_bytes"] > 16_000, command
        for server in (recognizer, voice):
            assert await server.terminate() == 0
