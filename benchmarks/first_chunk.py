"""What the size of a voice's first chunk costs and brings.

    python -m benchmarks.first_chunk --output benchmarks/results/first_chunk.md

Speaks with a voice of real size in this process, alone and five at once, whose chunks take turns in
as many threads as in the service, with first chunks of several sizes, and prints a table: a small
one sounds earlier, but the audio may then fall behind a player that began with it, and the whole
answer takes longer. The constants in `wyoming_melotts/synthesis/speech.py` are chosen from it;
about three minutes on two cores, on which nothing else should run.
"""

import argparse
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from statistics import median
from unittest.mock import patch

from benchmarks import weights
from benchmarks.percentiles import percentiles
from benchmarks.tables import table
from benchmarks.text_to_speech import TEXTS
from benchmarks.voice_runs import SpeechRun, open_voice
from wyoming_melotts.settings import MelottsSettings
from wyoming_melotts.synthesis import speech
from wyoming_serving.cpu_features import kernels
from wyoming_serving.devices import available_cores

_FRAMES = (4, 8, 12, 16, 24, 32)
_ROUNDS = {1: 6, 5: 2}
"""How often, by how many speak at once."""

_HEAD = ("at once", "frames", "first audio, ms", "p95", "behind a player, ms", "all, ms",
         "real-time factor")  # fmt: skip


def main() -> None:
    """Print and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--cache", type=Path, default=Path("~/.cache/wyoming-speech/benchmarks").expanduser()
    )
    parser.add_argument("--output", type=Path, help="a file for the table")
    given = parser.parse_args()
    folder = weights.melotts(given.cache)
    rows = []
    for at_once, rounds in _ROUNDS.items():
        begin = open_voice(folder, TEXTS["zh"], 0, crowded=at_once > 1)
        _speak(begin, 1)
        rows += [_row(begin, at_once, rounds, frames) for frames in _FRAMES]
    lines = [f"# First chunk: {available_cores()} cores, {kernels()}", "", *table(_HEAD, rows)]
    print("\n".join(lines))
    if given.output is not None:
        given.output.write_text("\n".join(lines), encoding="utf-8")


def _row(begin: Callable[[], SpeechRun], at_once: int, rounds: int, frames: int) -> tuple[str, ...]:
    """Medians over all who spoke, and the 95th percentile of their first audio."""
    firsts: list[float] = []
    walls: list[float] = []
    done: list[SpeechRun] = []
    name = "CROWDED_FIRST_CHUNK_FRAMES" if at_once > 1 else "FIRST_CHUNK_FRAMES"
    with patch.object(speech, name, frames):
        for _ in range(rounds):
            started = time.perf_counter()
            spoken = _speak(begin, at_once)
            walls.append(time.perf_counter() - started)
            firsts += [(one.first - started) * 1000 for one in spoken]
            done += spoken
    audio_s = median(one.audio_s for one in done)
    return (
        str(at_once),
        str(frames),
        f"{median(firsts):.0f}",
        f"{percentiles(firsts).p95:.0f}",
        f"{max(one.lag_s for one in done) * 1000:.0f}",
        f"{median(walls) * 1000:.0f}",
        f"{median(walls) / (audio_s * at_once):.2f}",
    )


def _speak(begin: Callable[[], SpeechRun], at_once: int) -> list[SpeechRun]:
    """Speak several texts chunk by chunk, each in its turn."""
    speeches = [begin() for _ in range(at_once)]
    waiting = deque(speeches)

    def work() -> None:
        with suppress(IndexError):
            while True:
                one = waiting.popleft()
                if one.advance():
                    waiting.append(one)

    workers = MelottsSettings.model_validate({}).parallel_speeches
    with ThreadPoolExecutor(workers) as threads:
        for job in [threads.submit(work) for _ in range(workers)]:
            job.result()
    return speeches


if __name__ == "__main__":
    main()
