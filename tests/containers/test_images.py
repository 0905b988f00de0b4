"""The images, built before and named in the environment, run as they will in a home.

`CONTAINER_RUN` says how to run them (see tests/support/containers.py), `FUNASR_ADD_ON_IMAGE`,
`MELOTTS_ADD_ON_IMAGE` and `HOME_SERVER_IMAGE` name them; each may be missing.
"""

import json
import os
import shutil
import socket
from importlib.metadata import distribution
from pathlib import Path

import pytest
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event
from wyoming.info import Info
from wyoming.tts import Synthesize

from addon.write_options import ADD_ONS, options
from tests.support.containers import ENGINE, container
from tests.support.processes import START_SECONDS, Server
from tests.support.speech import DATA, read_pcm
from tests.support.supervisor import TOKEN, Supervisor, supervisor
from tests.support.wire import Wire, connect

ROOT = Path(__file__).parents[2]
PARITY = "tests/wyoming_melotts/frontends/test_parity.py"
PARITY_SECONDS = 300

FUNASR, MELOTTS = ADD_ONS

HARDENED = ("--read-only", "--tmpfs", "/tmp", "--user", "1000:1000", "--cap-drop", "ALL",
            "--security-opt", "no-new-privileges")  # fmt: skip
"""What docker-compose.yml says, as options of the engine."""

PYTEST = ("pytest", "pluggy", "iniconfig", "packaging", "pygments")
"""The packages that pytest is, none of them compiled."""


def image(variable: str) -> str:
    name = os.environ.get(variable)
    if not (ENGINE and name):
        pytest.skip(f"needs a container engine and an image: CONTAINER_RUN and {variable}")
    return name


def add_on_options(api: Supervisor, data: Path, settings: dict[str, object]) -> list[str]:
    """The engine's options for an add-on, as the Supervisor would give them."""
    data.mkdir()
    (data / "options.json").write_text(json.dumps(settings), encoding="utf-8")
    return ["--volume", f"{data}:/data", "--env", f"SUPERVISOR_API={api.url}",
            "--env", f"SUPERVISOR_TOKEN={TOKEN}"]  # fmt: skip


async def describe(wire: Wire) -> Info:
    await wire.send(Event("describe"))
    return Info.from_event(await wire.read_type("info"))


async def hear(wire: Wire, recording: Path) -> str:
    await wire.send(
        Transcribe(language="en"), AudioStart(rate=16000, width=2, channels=1),
        AudioChunk(rate=16000, width=2, channels=1, audio=read_pcm(recording)), AudioStop(),
    )  # fmt: skip
    while (event := await wire.read()) is not None:
        if Transcript.is_type(event.type):
            return Transcript.from_event(event).text
    raise AssertionError("the connection ended before the transcript")


async def say(wire: Wire, text: str) -> int:
    """Bytes of audio."""
    await wire.send(Synthesize(text=text))
    await wire.read_type("audio-start")
    total = 0
    while (event := await wire.read()) is not None and event.type == "audio-chunk":
        total += len(event.payload or b"")
    assert event is not None and event.type == "audio-stop"
    return total


def told(api: Supervisor) -> str:
    """The URI that the add-on told the Supervisor, which must be all it said."""
    assert api.arrived.wait(START_SECONDS)
    assert api.refused == []
    (message,) = api.messages
    return str(message["config"]["uri"])


async def test_the_funasr_add_on_hears_and_is_discovered(tmp_path: Path) -> None:
    name = image("FUNASR_ADD_ON_IMAGE")
    with supervisor() as api:
        settings = options(FUNASR) | {"model_dir": "demo", "threads": 1}
        flags = add_on_options(api, tmp_path / "data", settings)
        async with container(name, *flags) as add_on:
            await add_on.wait_for("ready after")
            await add_on.wait_for("Home Assistant was told of")
            assert told(api) == f"tcp://{socket.gethostname()}:10300"
            async with connect(10300) as wire:
                assert [program.name for program in (await describe(wire)).asr] == ["funasr"]
            async with connect(10300) as wire:
                heard = await hear(wire, DATA / "kitchen_light_off_en.wav")
            assert heard == "Turn off the kitchen light."
            await stops_well(add_on)


async def test_the_melotts_add_on_speaks_and_is_discovered(tmp_path: Path) -> None:
    name = image("MELOTTS_ADD_ON_IMAGE")
    with supervisor() as api:
        settings = options(MELOTTS) | {"voice": "demo", "offline": True, "threads": 1}
        flags = add_on_options(api, tmp_path / "data", settings)
        async with container(name, *flags) as add_on:
            await add_on.wait_for("ready after")
            await add_on.wait_for("Home Assistant was told of")
            assert told(api) == f"tcp://{socket.gethostname()}:10200"
            async with connect(10200) as wire:
                assert [program.name for program in (await describe(wire)).tts] == ["melotts"]
            async with connect(10200) as wire:
                assert await say(wire, "Hello.") > 0
            await stops_well(add_on)


async def test_a_wrong_option_ends_the_add_on_with_one_line(tmp_path: Path) -> None:
    name = image("FUNASR_ADD_ON_IMAGE")
    with supervisor() as api:
        settings = options(FUNASR) | {"threads": 1000}
        async with container(name, *add_on_options(api, tmp_path / "data", settings)) as add_on:
            assert await add_on.status() == 2, add_on.log
            assert "FUNASR_THREADS: 1000 is not allowed" in add_on.log
        assert api.messages == []


async def test_the_home_server_s_image_hears_without_any_rights() -> None:
    name = image("HOME_SERVER_IMAGE")
    flags = [*HARDENED, "--env", "FUNASR_MODEL_DIR=demo", "--env", "FUNASR_URI=tcp://127.0.0.1:0",
             "--env", "FUNASR_THREADS=1"]  # fmt: skip
    async with container(name, *flags, command=("wyoming-funasr",)) as server:
        await server.wait_for("ready after")
        async with connect(await server.port()) as wire:
            heard = await hear(wire, DATA / "kitchen_light_off_en.wav")
        assert heard == "Turn off the kitchen light."
        assert await server.terminate() == 0, server.log


async def test_the_home_server_s_image_speaks_without_any_rights() -> None:
    name = image("HOME_SERVER_IMAGE")
    flags = [*HARDENED, "--env", "MELOTTS_VOICE=demo", "--env", "MELOTTS_OFFLINE=true",
             "--env", "MELOTTS_URI=tcp://127.0.0.1:0", "--env", "MELOTTS_THREADS=1"]  # fmt: skip
    async with container(name, *flags, command=("wyoming-melotts",)) as server:
        await server.wait_for("ready after")
        async with connect(await server.port()) as wire:
            assert await say(wire, "Hello.") > 0
        assert await server.terminate() == 0, server.log


@pytest.mark.parametrize("variable", ["HOME_SERVER_IMAGE", "MELOTTS_ADD_ON_IMAGE"])
async def test_an_image_reads_every_language_as_upstream_does(
    variable: str, tmp_path: Path
) -> None:
    """images/slim.py leaves all that the recorded lines of every language need."""
    name = image(variable)
    copy_pytest(tmp_path)
    flags = ["--volume", f"{tmp_path}:/tools:ro", "--volume", f"{ROOT / 'tests'}:/check/tests:ro",
             "--env", "PYTHONPATH=/tools:/check", "--workdir", "/check"]  # fmt: skip
    command = ("-m", "pytest", "--noconftest", "-p", "no:cacheprovider", PARITY)
    options = ["--user", "0:0", *flags, "--entrypoint", "python"]
    async with container(name, *options, command=command) as process:
        assert await process.status(PARITY_SECONDS) == 0, process.log


def copy_pytest(folder: Path) -> None:
    """The pytest that runs here, for a container to run."""
    for package in PYTEST:
        for file in distribution(package).files or []:
            if ".." not in file.parts and file.suffix != ".pyc":
                target = folder / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(Path(str(file.locate())), target)


@pytest.mark.parametrize(
    "variable", ["HOME_SERVER_IMAGE", "FUNASR_ADD_ON_IMAGE", "MELOTTS_ADD_ON_IMAGE"]
)
async def test_an_image_says_what_it_holds(variable: str) -> None:
    name = image(variable)
    command = ("/opt/venv/sbom.json",)
    async with container(name, "--entrypoint", "cat", command=command) as process:
        assert await process.status() == 0, process.log
        # podman without systemd complains of health checks around it
        bill, _ = json.JSONDecoder().raw_decode(process.log[process.log.index("{") :])
    packages = {component["name"] for component in bill["components"]}
    assert "onnxruntime" in packages and "torch" not in packages


async def stops_well(add_on: Server) -> None:
    assert await add_on.terminate() == 0, add_on.log
