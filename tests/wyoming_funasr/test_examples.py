"""The examples of docs/python.md, run as they stand against a running server."""

import sys
from functools import partial
from pathlib import Path

from tests.support.examples import ROOT, examples, run
from tests.support.http import free_port
from tests.wyoming_funasr.conftest import ServiceMaker
from wyoming_serving.service import running

PAGE = ROOT / "docs/python.md"
URL = "http://127.0.0.1:8080"


async def test_the_examples_run(make_service: ServiceMaker, tmp_path: Path) -> None:
    client, commands, in_process = examples(PAGE, "python")
    port = free_port()
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    python = partial(run, tmp_path, sys.executable, "-c")
    assert URL in client and URL in commands
    async with running(make_service("--model-dir", "demo", "--http-port", str(port))):
        address = URL.replace("8080", str(port))
        assert "Turn off the kitchen light. neutral" in await python(client.replace(URL, address))
        heard = await python(commands.replace(URL, address))
        assert "flush Turn off the kitchen light." in heard and "臥室" in heard
    assert "Turn off the kitchen light." in await python(in_process)
