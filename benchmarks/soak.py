"""Hours of use in minutes: do memory, descriptors, tasks and latency stay where they were?

`python -m benchmarks.soak` starts each service with its demo model, sends it 5,000 transcriptions
or 1,000 syntheses, of which clients that vanish, stall or err make nearly a half, and writes what
the service held at every mark to `benchmarks/results/soak`: numbers as JSON, and a plot.

The first two hundred syntheses fill the cache of spoken sentences (`cache_mb`, 32 MB): memory rises
by as much and is level from there.
"""

import argparse
import asyncio
import contextlib
import json
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from prometheus_client.parser import text_string_to_metric_families
from wyoming.asr import Transcribe
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.event import Event
from wyoming.tts import Synthesize

import wyoming_melotts
from benchmarks.machine import describe
from benchmarks.percentiles import percentiles
from benchmarks.server_process import Program, Server, running
from benchmarks.utterances import RATE_HZ, Utterance, commands

RESULTS = Path(__file__).parent / "results" / "soak"

_TRANSCRIPTIONS, _SYNTHESES, _MARKS = 5_000, 1_000, 50
_AT_ONCE = 4
_CHUNK_SAMPLES = 1024
_STALL_SECONDS = 1.0
_ANSWER_SECONDS = 120.0

_SETTINGS = (
    *("--uri", "tcp://127.0.0.1:{port}", "--http-port", "{http_port}", "--no-zeroconf"),
    *("--offline", "--device", "cpu", "--log-level", "error", "--idle-seconds", "60"),
)
_DEMO_VOICE = Path(wyoming_melotts.__file__).parent / "demo_voice"

Ask = Callable[[AsyncTcpClient, Random, bool], Awaitable[float | None]]
"""One request, or with True the first part of one; returns the seconds to the answer."""


@dataclass(frozen=True)
class Soak:
    """What is asked of one service."""

    program: Program
    requests: int
    ask: Ask


@dataclass(frozen=True)
class Mark:
    """What a service held after so many requests; latencies are of those since the mark before."""

    requests: int
    elapsed_s: float
    resident_mb: float
    descriptors: int
    tasks: int
    latency_p50_ms: float
    latency_p95_ms: float


def main() -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--transcriptions", type=int, default=_TRANSCRIPTIONS)
    parser.add_argument("--syntheses", type=int, default=_SYNTHESES)
    parser.add_argument("--output", type=Path, default=RESULTS)
    given = parser.parse_args()
    soaks = [_speech_to_text(given.transcriptions), _text_to_speech(given.syntheses)]
    found = {soak.program.name: asyncio.run(soaked(soak)) for soak in soaks if soak.requests}
    given.output.mkdir(parents=True, exist_ok=True)
    marks = {name: [asdict(mark) for mark in marks] for name, marks in found.items()}
    report = {"machine": describe("soak"), "marks": marks}
    (given.output / "soak.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    draw(given.output / "soak.png", found)
    for name, held in found.items():
        print(f"{name}: {held[1] if len(held) > 1 else held[0]} -> {held[-1]}")
    return 0


async def soaked(soak: Soak) -> list[Mark]:
    """Send all requests, some at once; returns the marks."""
    marks: list[Mark] = []
    latencies: list[float] = []
    numbers = iter(range(1, soak.requests + 1))
    every = max(1, soak.requests // _MARKS)
    async with running(soak.program) as server:
        await _ready(server)
        started = time.perf_counter()

        async def client() -> None:
            for number in numbers:
                latency = await _one(soak.ask, server.port, Random(number))
                if latency is not None:
                    latencies.append(latency)
                if number % every == 0 and latencies:
                    elapsed = time.perf_counter() - started
                    since, latencies[:] = latencies[:], []
                    marks.append(await _mark(server, number, elapsed, since))

        await asyncio.gather(*(client() for _ in range(_AT_ONCE)))
    return marks


def draw(file: Path, found: dict[str, list[Mark]]) -> None:
    """Draw what each service held against the number of requests."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    shown = {
        "resident_mb": "memory, MB",
        "descriptors": "descriptors",
        "tasks": "tasks",
        "latency_p50_ms": "median latency, ms",
        "latency_p95_ms": "95 % latency, ms",
    }
    figure, rows = pyplot.subplots(
        len(shown), len(found), figsize=(9, 11), layout="constrained", sharex="col", squeeze=False
    )
    for column, (name, marks) in enumerate(found.items()):
        for row, (field, title) in enumerate(shown.items()):
            axes: Any = rows[row][column]
            axes.plot([mark.requests for mark in marks], [getattr(mark, field) for mark in marks])
            axes.set_ylim(bottom=0)
            axes.set_ylabel(title)
        rows[0][column].set_title(name)
        rows[-1][column].set_xlabel("requests")
    figure.savefig(file, dpi=110, metadata={"Software": None})
    pyplot.close(figure)


def _speech_to_text(requests: int) -> Soak:
    utterances = commands()

    async def ask(client: AsyncTcpClient, random: Random, breaks_off: bool) -> float | None:
        return await _transcribe(client, random.choice(utterances), breaks_off)

    command = (sys.executable, "-m", "wyoming_funasr")
    settings = (*_SETTINGS, "--model-dir", "demo", "--no-endpointing")
    return Soak(Program("wyoming-funasr", command, settings), requests, ask)


def _text_to_speech(requests: int) -> Soak:
    async def ask(client: AsyncTcpClient, random: Random, breaks_off: bool) -> float | None:
        text = f"The temperature in room {random.randrange(10_000)} is fine."
        await client.write_event(Synthesize(text=text).event())
        if breaks_off:
            return None
        started = time.perf_counter()
        await _until(client, "audio-start")
        first_audio = time.perf_counter() - started
        await _until(client, "audio-stop")
        return first_audio

    command = (sys.executable, "-m", "wyoming_melotts")
    settings = (*_SETTINGS, "--voices-dir", str(_DEMO_VOICE))
    return Soak(Program("wyoming-melotts", command, settings), requests, ask)


async def _transcribe(
    client: AsyncTcpClient, utterance: Utterance, breaks_off: bool
) -> float | None:
    pcm = (np.clip(utterance.samples, -1, 1) * 32767).astype("<i2")
    form = {"rate": RATE_HZ, "width": 2, "channels": 1}
    await client.write_event(Transcribe().event())
    await client.write_event(AudioStart(**form).event())
    for start in range(0, len(pcm) // (2 if breaks_off else 1), _CHUNK_SAMPLES):
        audio = pcm[start : start + _CHUNK_SAMPLES].tobytes()
        await client.write_event(AudioChunk(**form, audio=audio).event())
    if breaks_off:
        return None
    await client.write_event(AudioStop().event())
    started = time.perf_counter()
    await _until(client, "transcript")
    return time.perf_counter() - started


async def _one(ask: Ask, port: int, random: Random) -> float | None:
    """One client: four of seven behave; the others vanish, stall, or send what is no event."""
    client = AsyncTcpClient("127.0.0.1", port)
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(_ANSWER_SECONDS), client:
            manner = random.choice(("well", "well", "well", "well", "vanish", "stall", "err"))
            if manner == "well":
                return await ask(client, random, False)
            await ask(client, random, True)
            if manner == "stall":
                await asyncio.sleep(_STALL_SECONDS)
            elif manner == "err":
                # wrong for both services; one that a service ignores would wait for the idle time
                await client.write_event(Event("select-program", {"name": "nobody"}))
                while await client.read_event() is not None:
                    pass
    return None


async def _until(client: AsyncTcpClient, event_type: str) -> None:
    while (event := await client.read_event()) is not None:
        if event.type == event_type:
            return
    raise ConnectionResetError(f"no {event_type} came")


async def _ready(server: Server) -> None:
    url = f"http://127.0.0.1:{server.http_port}/health/ready"
    async with asyncio.timeout(_ANSWER_SECONDS):
        while True:
            with contextlib.suppress(OSError):
                await asyncio.to_thread(urllib.request.urlopen, url)
                return
            await asyncio.sleep(0.1)


async def _mark(server: Server, requests: int, elapsed_s: float, latencies: list[float]) -> Mark:
    url = f"http://127.0.0.1:{server.http_port}/metrics"
    text = await asyncio.to_thread(lambda: urllib.request.urlopen(url).read().decode())
    values = {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.labels
    }
    times = percentiles([1000 * latency for latency in latencies])
    return Mark(
        requests,
        round(elapsed_s, 1),
        round(values["process_resident_memory_bytes"] / 1e6, 1),
        int(values["process_open_fds"]),
        int(values["wyoming_event_loop_tasks"]),
        round(times.p50, 1),
        round(times.p95, 1),
    )


if __name__ == "__main__":
    sys.exit(main())
