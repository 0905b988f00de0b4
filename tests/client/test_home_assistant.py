"""Home Assistant's own code finds the server, hears a command and turns the light on.

HA needs a Python of its own: `setup_ha.sh`, beside the client, makes its environment; HA_VENV says
where that is when it is not in the usual place.
"""

import os
from pathlib import Path

import pytest

from tests.support.processes import run_to_end, server_process

SHARED = Path(__file__).parents[3] / "shared"
CLIENT = SHARED / "tools" / "ha_client.py"
VENV = Path(os.environ.get("HA_VENV", "~/.cache/haenv")).expanduser()
PYTHON = VENV / "bin" / "python"

pytestmark = [
    pytest.mark.skipif(not CLIENT.is_file(), reason="shared/tools/ha_client.py is not here"),
    pytest.mark.skipif(
        not PYTHON.is_file(),
        reason="no environment with Home Assistant: run setup_ha.sh and set HA_VENV to it",
    ),
]


async def home_assistant(port: int, *words: str) -> tuple[int | None, str]:
    """Run the client against a server; gives its exit status and what it printed."""
    return await run_to_end(PYTHON, CLIENT, "--asr-uri", f"tcp://127.0.0.1:{port}", *words)


@pytest.mark.parametrize(
    ("recording", "words"),
    [
        ("living_room_light_en.wav", ["--expect-text", "living room"]),
        (
            "living_room_light_zh.wav",
            # HA takes 的 for a part of the name, so the light has to be called as one says it
            ["--expect-text", "打开客厅的灯", "--language", "zh-Hans", "--light", "客厅的灯"],
        ),
    ],
)
async def test_a_spoken_command_turns_the_light_on(recording: str, words: list[str]) -> None:
    settings = ["--model-dir", "demo", "--uri", "tcp://127.0.0.1:0", "--device", "cpu",
                "--threads", "1", "--offline"]  # fmt: skip
    async with server_process("wyoming_funasr", *settings) as server:
        port = await server.port()
        await server.wait_for("ready after")
        wav = str(SHARED / "speech" / recording)
        status, output = await home_assistant(port, "--wav", wav, *words, "--expect-light-on")
        assert status == 0, output
        assert "OK   living room light is on" in output
        assert await server.terminate() == 0


@pytest.mark.parametrize(
    ("recording", "words"),
    [
        ("living_room_light_en.wav", []),
        ("living_room_light_zh.wav", ["--language", "zh-Hans", "--light", "客厅的灯",
                                      "--command", "打开客厅的灯"]),
    ],
)  # fmt: skip
async def test_both_demo_models_hear_a_command_and_speak_the_answer(
    recording: str, words: list[str]
) -> None:
    settings = ["--uri", "tcp://127.0.0.1:0", "--device", "cpu", "--threads", "1", "--offline"]
    async with (
        server_process("wyoming_funasr", "--model-dir", "demo", *settings) as hearing,
        server_process("wyoming_melotts", "--voice", "demo", *settings) as speaking,
    ):
        ports = [await server.port() for server in (hearing, speaking)]
        for server in (hearing, speaking):
            await server.wait_for("ready after")
        status, output = await home_assistant(
            ports[0], "--tts-uri", f"tcp://127.0.0.1:{ports[1]}", "--voice", "demo",
            "--wav", str(SHARED / "speech" / recording), *words, "--expect-light-on",
        )  # fmt: skip
        assert status == 0, output
        assert f"OK   Assist pipeline {recording}" in output
        for server in (hearing, speaking):
            assert await server.terminate() == 0
