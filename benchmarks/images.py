"""How large an image is, and how soon its services answer.

    CONTAINER_RUN='docker run' python -m benchmarks.images IMAGE...

Prints a table: the size on disk and compressed, without a model; for an image of compose, the
seconds from the engine's start to the answer to `describe`, and to a loaded model (the demo's), as
the median of three starts. `CONTAINER_RUN` is the engine's command up to its options.
"""

import argparse
import asyncio
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from statistics import median
from typing import TypeVar

from benchmarks.tables import table
from benchmarks.wyoming_client import RequestError, ask_info
from wyoming_serving.health import ask

_ENGINE = shlex.split(os.environ.get("CONTAINER_RUN", "docker run"))
_Answer = TypeVar("_Answer")
_STARTS = 3
_SECONDS = 120
_SERVICES = {"wyoming-funasr": 10300, "wyoming-melotts": 10200}
_DEMO = ("--env", "FUNASR_MODEL_DIR=demo", "--env", "MELOTTS_VOICE=demo",
         "--env", "FUNASR_OFFLINE=true", "--env", "MELOTTS_OFFLINE=true")  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.images")
    parser.add_argument("images", nargs="+", metavar="IMAGE")
    rows = [_measure(image) for image in parser.parse_args(arguments).images]
    print(*table(("image", "MB", "MB compressed", "describe, s", "ready, s"), rows), sep="\n")
    return 0


def _measure(image: str) -> tuple[str, ...]:
    size = int(_engine("image", "inspect", "--format", "{{.Size}}", image))
    sizes = (image, f"{size / 1e6:.0f}", f"{_compressed(image) / 1e6:.0f}")
    if "io.hass.type" in _engine("image", "inspect", "--format", "{{json .Config.Labels}}", image):
        return (*sizes, "", "")  # an add-on starts with what the Supervisor gives it
    starts = [asyncio.run(_start(image, service)) for service in _SERVICES for _ in range(_STARTS)]
    described, ready = zip(*starts, strict=True)
    return (*sizes, f"{median(described):.1f}", f"{median(ready):.1f}")


async def _start(image: str, service: str) -> tuple[float, float]:
    """Seconds until a service of an image answers, and until its model is loaded."""
    port = _SERVICES[service]
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *_ENGINE, "--rm", "--network", "host", *_DEMO, image, service,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(_SECONDS):
            await _until(lambda: ask_info(port))
            described = time.monotonic() - began
            await _until(lambda: ask(f"tcp://127.0.0.1:{port}"), lambda health: health.ready)
        return described, time.monotonic() - began
    finally:
        process.terminate()
        await process.wait()


async def _until(
    question: Callable[[], Awaitable[_Answer]], enough: Callable[[_Answer], bool] = bool
) -> None:
    """Ask until the answer is enough."""
    while True:
        with suppress(OSError, RequestError):
            if enough(await question()):
                return
        await asyncio.sleep(0.02)


def _compressed(image: str) -> int:
    """Bytes of an image as `save` writes it and gzip packs it, about what a registry sends."""
    total = 0
    with subprocess.Popen([_ENGINE[0], "save", image], stdout=subprocess.PIPE) as save:
        assert save.stdout is not None
        with subprocess.Popen(["gzip"], stdin=save.stdout, stdout=subprocess.PIPE) as packed:
            assert packed.stdout is not None
            while block := packed.stdout.read(1 << 20):
                total += len(block)
    return total


def _engine(*command: str) -> str:
    return subprocess.run([_ENGINE[0], *command], check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
