"""A cache that is full, or may not be written, costs nothing that does not need it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attack.clients import healthy_answer
from tests.attack.streams import TEXT_TO_SPEECH
from tests.support.processes import server_process
from tests.support.wire import connect
from tests.wyoming_funasr.test_protocol import request as speech_request
from tests.wyoming_funasr.test_protocol import transcript
from wyoming_melotts.voices import DEMO_FOLDER

SILENT = ("--device", "cpu", "--offline", "--no-zeroconf", "--uri", "tcp://127.0.0.1:0")
DEMO = ("--model-dir", "demo", *SILENT)


@pytest.fixture(params=["size=16k", "ro,size=16k"], ids=["full", "read-only"])
def small_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A disk of a few KB that is full, or that may not be written."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", str(request.param), "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a disk")
    try:
        if "ro" not in request.param:
            (folder / "filler").write_bytes(bytes(12 << 10))
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


async def test_a_service_that_needs_no_cache_does_without(small_disk: Path) -> None:
    words = (*DEMO, "--cache-dir", str(small_disk / "cache"))
    async with server_process("wyoming_funasr", *words) as server:
        port = await server.port()
        async with connect(port) as wire:
            await wire.send(*speech_request())
            assert (await transcript(wire)).text
        assert await server.terminate() == 0
    assert "Traceback" not in server.log


async def test_what_is_made_beside_an_unwritable_cache_is_deleted(tmp_path: Path) -> None:
    temporary, file = tmp_path / "temporary", tmp_path / "file"
    temporary.mkdir()
    file.write_text("where the cache should be")
    words = ("--voices-dir", str(DEMO_FOLDER), "--cache-dir", str(file / "cache"), *SILENT)
    async with server_process("wyoming_melotts", *words, TMPDIR=str(temporary)) as server:
        answer = await healthy_answer(TEXT_TO_SPEECH, await server.port())
        assert answer[-1].type == "audio-stop"
        assert list(temporary.glob("wyoming-graph-*")) == []
        assert await server.terminate() == 0
    assert "each start prepares the model anew" in server.log
