"""How threads are best shared: a run of several threads, or several runs of one.

    python -m benchmarks.threads

Measures both services' engines on this machine, quiet and beside a process that keeps a core busy,
with every number of threads for one run and of runs at once, and prints tables. Nothing else should
run meanwhile; weights are written at first, as for `benchmarks.compare`.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks import weights
from benchmarks.tables import table
from benchmarks.text_to_speech import TEXTS
from benchmarks.utterances import continuous
from wyoming_funasr.audio.fbank import FbankStream
from wyoming_funasr.engines.base import Place
from wyoming_funasr.engines.table import load_engine
from wyoming_funasr.recognition.types import Segment
from wyoming_funasr.settings import FunasrSettings
from wyoming_melotts.settings import MelottsSettings
from wyoming_melotts.synthesis.engine import Engine
from wyoming_melotts.voices import VoiceLibrary
from wyoming_melotts.voices.selection import default_voice
from wyoming_serving.devices import choose_device

_AUDIO_S = 3
_THREADS = (1, 2, 4)
_AT_ONCE = (1, 2, 4)
_ROUNDS = 5

Run = Callable[[], tuple[float, float]]
"""One piece of work: seconds of audio, and when its first result was there (`perf_counter`)."""


def main() -> None:
    """Print a table for each engine."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--cache", type=Path, default=Path("~/.cache/wyoming-speech/benchmarks").expanduser()
    )
    cache: Path = parser.parse_args().cache
    makers = {
        f"SenseVoice, {_AUDIO_S} s": (_recognizer, weights.sense_voice(cache)),
        "MeloTTS, two sentences": (_voice, weights.melotts(cache)),
    }
    for title, (make, folder) in makers.items():
        print(f"\n{title}\n")
        head = ("machine", "threads", "at once", "first result, ms", "all, ms", "audio s per s")
        rows = []
        for threads in _THREADS:
            run = make(folder, threads)
            run()
            for is_busy in (False, True):
                with _busy_core() if is_busy else _quiet():
                    rows += [
                        ("busy" if is_busy else "quiet", str(threads), str(at_once),
                         *_measured(run, at_once))
                        for at_once in _AT_ONCE
                    ]  # fmt: skip
        print("\n".join(table(head, sorted(rows, key=lambda row: row[0] == "busy"))))


def _measured(run: Run, at_once: int) -> tuple[str, str, str]:
    """Medians of several rounds: the slowest first result, the whole round, its throughput."""
    firsts, walls, speeds = [], [], []
    with ThreadPoolExecutor(at_once) as threads:
        for _ in range(_ROUNDS):
            started = time.perf_counter()
            done = [one.result() for one in [threads.submit(run) for _ in range(at_once)]]
            walls.append(time.perf_counter() - started)
            firsts.append(max(first for _, first in done) - started)
            speeds.append(sum(audio_s for audio_s, _ in done) / walls[-1])
    return (
        f"{median(firsts) * 1000:.0f}",
        f"{median(walls) * 1000:.0f}",
        f"{median(speeds):.1f}",
    )


def _recognizer(folder: Path, threads: int) -> Run:
    cache_dir: Path = FunasrSettings.model_fields["cache_dir"].default
    place = Place(choose_device("cpu", "int8"), threads, cache_dir)
    engine = load_engine("sense_voice", folder, place)
    samples = continuous(_AUDIO_S).astype(np.float32) / np.float32(32768)

    def run() -> tuple[float, float]:
        fbank = FbankStream(engine.fbank)
        fbank.take(samples)
        engine.recognize([Segment(engine.features(fbank.between(0, len(samples))))])
        return _AUDIO_S, time.perf_counter()

    return run


def _voice(folder: Path, threads: int) -> Run:
    given = {"voices_dir": folder, "threads": threads, "device": "cpu", "offline": True}
    settings = MelottsSettings.model_validate(given)
    library = VoiceLibrary(settings)
    engine = Engine(settings, library)
    voice = default_voice(None, library.scan(), offline=True)

    def run() -> tuple[float, float]:
        count, first = 0, 0.0
        for samples in engine.speak(voice, TEXTS["zh"]):
            first = first or time.perf_counter()
            count += len(samples)
        return count / settings.sample_rate_hz, first

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
