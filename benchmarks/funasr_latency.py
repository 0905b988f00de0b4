"""What wyoming-funasr costs with a SenseVoiceSmall of real size: time and memory, by the socket.

The weights are random, since neither time nor memory depends on their values; the audio is real
speech, since voice activity detection must let it through. Text decoded from random weights is
longer than anything a person says, which makes the numbers a little worse than real ones.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import platform
import socket
import subprocess
import sys
import time
import wave
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import psutil
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error

from benchmarks.random_models import REAL, TINY, Size, write_sense_voice

_SPEECH = Path(__file__).parents[1] / "tests" / "data"
_RESULTS = Path(__file__).parent / "results"
_RATE_HZ = 16_000
_CHUNK_BYTES = 2048
_DURATIONS_S = (1, 3, 5, 10)
_CLIENTS = (1, 2, 5, 10)
_BURST_AUDIO_S = 3
_START_LIMIT_S = 300.0
_SETTLE_S = 0.25
"""Speech comes at the pace it is spoken, so a server has read all of it when it ends."""


@dataclass(frozen=True)
class Latency:
    """Time from audio-stop to transcript over some requests."""

    audio_s: int
    clients: int
    requests: int
    p50_ms: float
    p95_ms: float
    throughput: float
    """Seconds of audio recognised per second."""


@dataclass(frozen=True)
class Result:
    """One server measured; memory in MB of 10^6 bytes."""

    precision: str
    first_transcript_s: float
    steady_mb: float
    peak_mb: float
    by_duration: list[Latency]
    by_clients: list[Latency]


@dataclass(frozen=True)
class Report:
    """Everything a run found, and where."""

    date: str
    command: str
    machine: dict[str, str | int | float]
    cli_seconds: dict[str, float]
    results: list[Result]


def main() -> None:
    """Measure and write the report."""
    given = _arguments()
    folder = given.cache / given.size
    if not (folder / "model.pt").is_file():
        sizes: dict[str, Size] = {"real": REAL, "tiny": TINY}
        write_sense_voice(folder, sizes[given.size])
    report = Report(
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        command=f"python -m benchmarks.funasr_latency {' '.join(sys.argv[1:])}".strip(),
        machine=_machine(),
        cli_seconds={word: _cli_seconds(word) for word in ("--help", "--version")},
        results=[
            asyncio.run(_measure(folder, precision, given.requests))
            for precision in given.precision
        ],
    )
    given.output.mkdir(parents=True, exist_ok=True)
    (given.output / "funasr_latency.json").write_text(json.dumps(asdict(report), indent=1) + "\n")
    table = _markdown(report)
    (given.output / "funasr_latency.md").write_text(table)
    print(table)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=("real", "tiny"), default="real")
    parser.add_argument("--precision", nargs="+", choices=("int8", "float32"), default=["int8"])
    parser.add_argument("--requests", type=int, default=20, help="for each duration")
    parser.add_argument("--output", type=Path, default=_RESULTS, help="folder for the report")
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path("~/.cache/wyoming-speech/benchmarks").expanduser(),
        help="folder for the random model (0.9 GB at real size)",
    )
    return parser.parse_args()


async def _measure(folder: Path, precision: str, requests: int) -> Result:
    started = time.perf_counter()
    async with _server(folder, precision) as (port, process):
        await _ask(port, _speech(1))
        first_s = time.perf_counter() - started
        by_duration = [await _latency(port, seconds, 1, requests) for seconds in _DURATIONS_S]
        by_clients = [await _latency(port, _BURST_AUDIO_S, many, requests) for many in _CLIENTS]
        steady_mb, peak_mb = _memory_mb(process.pid)
    return Result(precision, round(first_s, 1), steady_mb, peak_mb, by_duration, by_clients)


@contextlib.asynccontextmanager
async def _server(folder: Path, precision: str) -> AsyncIterator[tuple[int, Process]]:
    """A server process that listens, its model still loading."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [
        *(sys.executable, "-m", "wyoming_funasr", "--no-zeroconf", "--log-level", "warning"),
        *("--model-dir", str(folder), "--uri", f"tcp://127.0.0.1:{port}"),
        *("--device", "cpu", "--precision", precision),
    ]
    process = await asyncio.create_subprocess_exec(*command)
    try:
        await _until_listening(port, process)
        yield port, process
    finally:
        process.terminate()
        await process.wait()


async def _until_listening(port: int, process: Process) -> None:
    give_up = time.perf_counter() + _START_LIMIT_S
    while time.perf_counter() < give_up and process.returncode is None:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.02)
    raise RuntimeError("the server did not start")


async def _latency(port: int, audio_s: int, clients: int, requests: int) -> Latency:
    """Bursts of `clients` requests at one time, until there were `requests` of them."""
    audio = _speech(audio_s)
    times: list[float] = []
    busy_s = 0.0
    while len(times) < requests:
        burst = await asyncio.gather(*(_ask(port, audio) for _ in range(clients)))
        times += burst
        busy_s += max(burst)
    p50, p95 = (round(float(value) * 1000, 1) for value in np.percentile(times, (50, 95)))
    return Latency(audio_s, clients, len(times), p50, p95, round(audio_s * len(times) / busy_s, 1))


async def _ask(port: int, audio: bytes) -> float:
    """One request on a connection of its own: seconds from audio-stop to transcript."""
    client = AsyncTcpClient("127.0.0.1", port)
    async with client:
        await client.write_event(Transcribe(language="en").event())
        await client.write_event(AudioStart(_RATE_HZ, 2, 1).event())
        for start in range(0, len(audio), _CHUNK_BYTES):
            chunk = AudioChunk(_RATE_HZ, 2, 1, audio[start : start + _CHUNK_BYTES])
            await client.write_event(chunk.event())
        await asyncio.sleep(_SETTLE_S)
        await client.write_event(AudioStop().event())
        stopped = time.perf_counter()
        while event := await client.read_event():
            if Error.is_type(event.type):
                raise RuntimeError(Error.from_event(event).text)
            if Transcript.is_type(event.type):
                return time.perf_counter() - stopped
    raise RuntimeError("the server closed the connection without a transcript")


def _speech(seconds: int) -> bytes:
    """The recordings one behind another, again and again, cut to length."""
    wanted = seconds * _RATE_HZ * 2
    audio = b""
    for file in itertools.cycle(sorted(_SPEECH.glob("*.wav"))):
        with wave.open(str(file)) as recording:
            frames: bytes = recording.readframes(recording.getnframes())
        audio += frames
        if len(audio) >= wanted:
            return audio[:wanted]
    raise RuntimeError(f"no recordings in {_SPEECH}")


def _cli_seconds(word: str) -> float:
    """The best of five, so that reading files from the disk does not count."""
    times = []
    for _ in range(5):
        started = time.perf_counter()
        command = [sys.executable, "-m", "wyoming_funasr", word]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - started)
    return round(min(times), 3)


def _memory_mb(pid: int) -> tuple[float, float]:
    """Resident memory of a process, now and at its highest."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    kilobytes = {line.split()[0]: int(line.split()[1]) for line in lines if line.startswith("Vm")}
    steady, peak = (round(kilobytes[key] * 1024 / 1e6) for key in ("VmRSS:", "VmHWM:"))
    return steady, peak


def _machine() -> dict[str, str | int | float]:
    names = [
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "cpu": names[0] if names else platform.machine(),
        "cores": os.cpu_count() or 1,
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "load_before": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "torch": version("torch"),
        "funasr": version("funasr"),
    }


def _markdown(report: Report) -> str:
    machine = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in report.machine.items())
    cli = ", ".join(f"`{word}` {seconds:.2f} s" for word, seconds in report.cli_seconds.items())
    lines = [
        "# wyoming-funasr: latency and memory", "",
        "SenseVoiceSmall of real size (234 M random weights), through the socket.", "",
        f"- {report.date}, `{report.command}`", f"- {machine}", f"- {cli}", "",
    ]  # fmt: skip
    for result in report.results:
        lines += [
            f"## {result.precision}", "",
            f"Start to first transcript {result.first_transcript_s:.1f} s; memory "
            f"{result.steady_mb:.0f} MB, at its highest {result.peak_mb:.0f} MB.", "",
            *_rows([*result.by_duration, *result.by_clients]), "",
        ]  # fmt: skip
    return "\n".join(lines)


def _rows(latencies: Sequence[Latency]) -> list[str]:
    head = "| audio | clients at once | requests | p50 | p95 | audio seconds per second |"
    return [
        head,
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
        *(
            f"| {one.audio_s} s | {one.clients} | {one.requests} | {one.p50_ms:.0f} ms "
            f"| {one.p95_ms:.0f} ms | {one.throughput:.1f} |"
            for one in latencies
        ),
    ]


if __name__ == "__main__":
    main()
