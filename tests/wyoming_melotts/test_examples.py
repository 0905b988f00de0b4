"""The examples of docs/speak-api.md, run as they stand against a running server."""

import shutil
import sys
import wave
from pathlib import Path

import pytest

from tests.support.examples import ROOT, examples, run
from tests.support.http import free_port
from tests.wyoming_melotts.conftest import ServiceMaker
from wyoming_serving.service import running

PAGE = ROOT / "docs/speak-api.md"
URL = "http://127.0.0.1:8080"


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
async def test_the_examples_run(make_service: ServiceMaker, tmp_path: Path) -> None:
    openai, by_hand, client, in_process = examples(PAGE, "python")
    (curl,) = examples(PAGE, "sh")
    port = free_port()
    address = URL.replace("8080", str(port))
    assert all(URL in example for example in (openai, by_hand, client, curl))
    async with running(make_service(http_port=port)):

        async def python(example: str) -> str:
            return await run(tmp_path, sys.executable, "-c", example.replace(URL, address))

        await python(openai)
        assert (tmp_path / "light.wav").read_bytes()[:4] == b"RIFF"
        (tmp_path / "light.wav").unlink()
        await run(tmp_path, "sh", "-c", curl.replace(URL, address))
        with (tmp_path / "light.wav").open("rb") as file, wave.open(file) as audio:
            assert audio.getframerate() == 44_100
        told = await python(by_hand)
        assert "bytes of audio" in told and "'reason': 'spoken'" in told
        assert "('light', " in await python(client)
    assert "('light', " in await python(in_process)
