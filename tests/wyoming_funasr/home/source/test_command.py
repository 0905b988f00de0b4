"""`wyoming-funasr home` writes down the home of a running Home Assistant."""

import asyncio
import os
import sys

import pytest

from tests.support.home_assistant import TOKEN, home_assistant
from tests.support.processes import START_SECONDS
from wyoming_funasr.home.description import Entity, parse_home


async def run(*words: str, **environment: str) -> tuple[int | None, str, str]:
    """Run the command; returns its status, its output and what it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "wyoming_funasr", "home", *words,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONIOENCODING": "ascii"} | environment,
    )  # fmt: skip
    async with asyncio.timeout(START_SECONDS):
        output, said = await process.communicate()
    return process.returncode, output.decode(), said.decode()


async def test_it_prints_a_home_yaml() -> None:
    async with home_assistant() as server:
        server.home.add_entity("light.lamp", "阅读灯 😀")
        status, output, said = await run(
            "--home-assistant-url", server.url, FUNASR_HOME_ASSISTANT_TOKEN=TOKEN
        )
    assert (status, said) == (0, "")
    assert parse_home(output, "home.yaml").entities == (Entity("阅读灯 😀", "light"),)


@pytest.mark.parametrize(
    ("token", "says"), [("wrong", "it refuses the token"), (TOKEN, "it closed the connection")]
)
async def test_why_it_fails_is_one_line(token: str, says: str) -> None:
    async with home_assistant() as server:
        server.closes.add("homeassistant/expose_entity/list")
        status, output, said = await run(
            "--home-assistant-url", server.url, FUNASR_HOME_ASSISTANT_TOKEN=token
        )
    address = server.url.removeprefix("http://")
    assert (status, output) == (1, "")
    assert said == f"wyoming-funasr: Home Assistant at {address}: {says}\n"


async def test_without_an_address_it_says_what_it_needs() -> None:
    status, output, said = await run(SUPERVISOR_TOKEN="")
    assert (status, output) == (2, "")
    assert said == "wyoming-funasr: --home-assistant-url: this command needs it, and a token\n"
