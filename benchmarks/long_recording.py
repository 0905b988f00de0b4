"""What one long upload to `/v1/audio/transcriptions` costs: time and memory.

    python -m benchmarks.long_recording --minutes 60

The recording is made of the test sentences with pauses between them, and is sent while it is made.
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

from benchmarks.programs import funasr_demo
from benchmarks.server_process import running

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--model", default="demo", help="name or folder")
    given = parser.parse_args()
    print(json.dumps(asyncio.run(measure(given.minutes, given.model)), indent=2))


if __name__ == "__main__":
    main()
