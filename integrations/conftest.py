"""What the tests of the integrations need: real servers with the demo models."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.support.http import free_port

START_SECONDS = 120.0


@contextmanager
def server(module: str, cache: Path, *words: str) -> Iterator[str]:
    """The address of a server that is ready."""
    port = free_port()
    common = ["--uri", "tcp://127.0.0.1:0", "--http-port", str(port), "--offline",
              "--device", "cpu", "--cache-dir", str(cache)]  # fmt: skip
    log = cache / f"{module}.log"
    with log.open("w") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *common, *words], stderr=written, stdin=subprocess.PIPE
        )
    try:
        until = time.monotonic() + START_SECONDS
        while not is_ready(port):
            assert process.poll() is None and time.monotonic() < until, log.read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def is_ready(port: int) -> bool:
    """Whether the server on a port answers requests."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5):
            return True
    except (URLError, OSError):
        return False


@pytest.fixture(scope="session")
def listen_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A wyoming-funasr with the demo model."""
    with server("wyoming_funasr", tmp_path_factory.mktemp("stt"), "--model-dir", "demo") as url:
        yield url


@pytest.fixture(scope="session")
def speak_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A wyoming-melotts with the demo voice."""
    with server("wyoming_melotts", tmp_path_factory.mktemp("tts"), "--voice", "demo") as url:
        yield url
