"""What one long upload to `/v1/audio/transcriptions` costs: memory above all, and time.

    python -m benchmarks.long_recording --output benchmarks/results/long_recording.md

The recording is made of the test sentences with pauses between them, and is sent while it is made.
The model is of the published SenseVoiceSmall's size, with random weights (int8), unless `--model`
names another. An hour takes two and a half minutes of CPU time.
"""

import argparse
import asyncio
import json
import struct
import time
from collections.abc import AsyncIterator
from itertools import cycle
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.machine import describe
from benchmarks.programs import funasr_demo
from benchmarks.server_process import running
from benchmarks.tables import table
from benchmarks.weights import sense_voice_onnx

SPEECH = Path(__file__).parents[1] / "tests" / "data"
RATE_HZ = 16_000
_WAV_HEADER_BYTES = 44
_PAUSE = bytes(2 * RATE_HZ)
_LIMIT_S = 3600


async def measure(minutes: float, model: str) -> dict[str, float | int]:
    """Time, memory and segments of one upload to a server of its own."""
    async with running(funasr_demo("long recording", model)) as server:
        url = f"http://127.0.0.1:{server.http_port}/v1/audio/transcriptions"
        timeout = aiohttp.ClientTimeout(total=_LIMIT_S)
        async with aiohttp.ClientSession(timeout=timeout) as client:
            await _transcribe(client, url, 0.1)  # loaded and warm
            before = server.usage()
            started = time.perf_counter()
            answer = await _transcribe(client, url, minutes)
            seconds = time.perf_counter() - started
        after = server.usage()
    return {
        "audio_seconds": answer["duration"],
        "segments": len(answer["segments"]),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(after.cpu_s - before.cpu_s, 1),
        "memory_before_mb": round(before.memory_mb),
        "peak_memory_mb": round(after.peak_memory_mb),
    }


async def _transcribe(client: aiohttp.ClientSession, url: str, minutes: float) -> Any:
    form = aiohttp.FormData({"model": "whisper-1", "response_format": "verbose_json"})
    form.add_field("file", _recording(minutes), filename="long.wav")
    async with client.post(url, data=form) as answer:
        content = await answer.json()
        if answer.status != 200:
            raise SystemExit(f"{answer.status}: {content}")
        return content


async def _recording(minutes: float) -> AsyncIterator[bytes]:
    """A WAV file of the test sentences, 16 kHz, 16 bit, mono, piece by piece."""
    sentences = [file.read_bytes()[_WAV_HEADER_BYTES:] for file in sorted(SPEECH.glob("*.wav"))]
    size = int(minutes * 60 * RATE_HZ) * 2
    fmt = struct.pack("<IHHIIHH", 16, 1, 1, RATE_HZ, 2 * RATE_HZ, 2, 16)
    head = b"WAVEfmt " + fmt + b"data" + struct.pack("<I", size)
    yield b"RIFF" + struct.pack("<I", len(head) + size) + head
    left = size
    for sentence in cycle(sentences):
        piece = (sentence + _PAUSE)[:left]
        left -= len(piece)
        yield piece
        if not left:
            return


def page(found: dict[str, float | int], model: str) -> str:
    """Returns what was found, as Markdown."""
    machine = describe("")
    names = {
        "audio_seconds": "audio, s",
        "segments": "segments recognized",
        "memory_before_mb": "memory before, MB",
        "peak_memory_mb": "highest memory, MB (wanted: less than 600)",
        "cpu_seconds": "CPU time, s",
        "seconds": "time, s",
    }
    rows = [(name, f"{found[key]:g}") for key, name in names.items()]
    lines = [
        "# An hour of audio in one upload",
        "",
        f"`python -m benchmarks.long_recording`, model {model}, {machine['date']}, commit",
        f"{machine['commit']}, {machine['cores']} cores of {machine['cpu']}, load before "
        f"{machine['load_before']}.",
        "",
        *table(["", "found"], rows),
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--model", help="name or folder")
    parser.add_argument(
        "--cache", type=Path, default=Path("~/.cache/wyoming-speech/benchmarks").expanduser()
    )
    parser.add_argument("--output", type=Path, help="the page to write")
    given = parser.parse_args()
    model = given.model or str(sense_voice_onnx(given.cache))
    found = asyncio.run(measure(given.minutes, model))
    print(json.dumps(found, indent=2))
    if given.output is not None:
        given.output.write_text(page(found, Path(model).name), encoding="utf-8")


if __name__ == "__main__":
    main()
