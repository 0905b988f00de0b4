"""How threads are best shared: a run of several threads, or several runs of one.

    python -m benchmarks.threads --output benchmarks/results/threads.md

Measures both services' engines on this machine, quiet and beside a process that keeps a core busy,
with one thread and with one for each core in a run, and with several runs at once; about four
minutes on two cores, on which nothing else should run. Weights are written at first, as for
`benchmarks.compare`. `cpu_sharing` and the voices' back-end choose by these figures.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks import weights
from benchmarks.tables import table
from benchmarks.utterances import continuous
from benchmarks.voice_runs import open_voice
from wyoming_funasr.audio.fbank import FbankStream
from wyoming_funasr.engines.base import Place
from wyoming_funasr.engines.table import load_engine
from wyoming_funasr.recognition.types import Segment
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.cpu_features import kernels
from wyoming_serving.devices import available_cores, choose_device

_AUDIO_S = 3
_TEXT = "现在室外的温度是二十六度。"
_AT_ONCE = (1, 2, 4)
_FEWEST_ROUNDS = 2
_CELL_SECONDS = 4.0
"""Rounds of one kind are repeated for so long."""


@dataclass(frozen=True)
class _Done:
    """One piece of work."""

    audio_s: float
    first: float
    """When its first result was there (`time.perf_counter`)."""


_Run = Callable[[], _Done]

_HEAD = ("machine", "threads", "at once", "rounds", "first result, ms", "all, ms", "audio s per s")


def main() -> None:
    """Print and write a table for each engine."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--cache", type=Path, default=Path("~/.cache/wyoming-speech/benchmarks").expanduser()
    )
    parser.add_argument("--output", type=Path, help="a file for the tables")
    given = parser.parse_args()
    makers: dict[str, tuple[Callable[[Path, int], _Run], Path]] = {
        f"SenseVoice, {_AUDIO_S} s": (_recognizer, weights.sense_voice(given.cache)),
        "MeloTTS, one sentence": (_voice, weights.melotts(given.cache)),
    }
    lines = [f"# Threads: {available_cores()} cores, {kernels()}", ""]
    for title, (make, folder) in makers.items():
        lines += [f"## {title}", "", *table(_HEAD, _rows(make, folder))]
    print("\n".join(lines))
    if given.output is not None:
        given.output.write_text("\n".join(lines), encoding="utf-8")


def _rows(make: Callable[[Path, int], _Run], folder: Path) -> list[tuple[str, ...]]:
    rows = []
    for threads in sorted({1, available_cores()}):
        run = make(folder, threads)
        run()
        for machine in ("quiet", "busy"):
            with _busy_core() if machine == "busy" else _quiet():
                for at_once in _AT_ONCE:
                    rows.append((machine, str(threads), str(at_once), *_measured(run, at_once)))
                    print(*rows[-1], file=sys.stderr, flush=True)
    return sorted(rows, key=lambda row: row[0] == "busy")


def _measured(run: _Run, at_once: int) -> tuple[str, ...]:
    """Rounds, and their medians: the slowest first result, the whole round, its throughput."""
    firsts: list[float] = []
    walls: list[float] = []
    speeds: list[float] = []
    with ThreadPoolExecutor(at_once) as threads:
        while len(walls) < _FEWEST_ROUNDS or sum(walls) < _CELL_SECONDS:
            started = time.perf_counter()
            done = [one.result() for one in [threads.submit(run) for _ in range(at_once)]]
            walls.append(time.perf_counter() - started)
            firsts.append(max(one.first - started for one in done))
            speeds.append(sum(one.audio_s for one in done) / walls[-1])
    return (
        str(len(walls)),
        f"{median(firsts) * 1000:.0f}",
        f"{median(walls) * 1000:.0f}",
        f"{median(speeds):.1f}",
    )


def _recognizer(folder: Path, threads: int) -> _Run:
    cache_dir: Path = FunasrSettings.model_fields["cache_dir"].default
    place = Place(choose_device("cpu", "int8"), threads, cache_dir)
    engine = load_engine("sense_voice", folder, place)
    samples = continuous(_AUDIO_S).astype(np.float32) / np.float32(32768)

    def run() -> _Done:
        fbank = FbankStream(engine.fbank)
        fbank.take(samples)
        engine.recognize([Segment(engine.features(fbank.between(0, len(samples))))])
        return _Done(_AUDIO_S, time.perf_counter())

    return run


def _voice(folder: Path, threads: int) -> _Run:
    begin = open_voice(folder, _TEXT, threads)

    def run() -> _Done:
        speech = begin()
        while speech.advance():
            pass
        return _Done(speech.audio_s, speech.first)

    return run


@contextmanager
def _quiet() -> Iterator[None]:
    yield


@contextmanager
def _busy_core() -> Iterator[None]:
    """Another process that wants a core for itself."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
