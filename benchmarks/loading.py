"""What it costs to load a recognizer: time and memory, in a process of its own for each start.

    python -m benchmarks.loading FAMILY FOLDER ... --output benchmarks/results/loading.md

FAMILY is `sense_voice`, `paraformer` or `paraformer_streaming`; a folder holds a checkpoint or
FunASR's ONNX form (`python -m benchmarks.published_models` writes both in real size). The first
start prepares graphs, the second finds them. Times are CPU time, so that other work of the machine
changes little.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.tables import table
from benchmarks.utterances import continuous
from wyoming_funasr.audio.fbank import FbankStream
from wyoming_funasr.engines.base import Place
from wyoming_funasr.engines.table import ENGINES, load_engine
from wyoming_funasr.recognition.types import Segment
from wyoming_serving.cpu_features import kernels
from wyoming_serving.devices import choose_device

_AUDIO_S = 5
_ROUNDS = 5
_FACTS = ("load_s", "memory_mb", "highest_mb", "recognize_ms")
_HEAD = ("model", "start", "CPU s to load", "MB then", "MB at the highest",
         f"CPU ms for {_AUDIO_S} s")  # fmt: skip


def main() -> None:
    """Print and write the table; as a child, load once and print what that cost."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="+", metavar="FAMILY FOLDER")
    parser.add_argument("--output", type=Path, help="a file for the table")
    parser.add_argument("--cache", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    models = list(zip(given.models[::2], map(Path, given.models[1::2]), strict=True))
    if unknown := {family for family, _ in models} - set(ENGINES):
        parser.error(f"{', '.join(unknown)}: no family; allowed: {', '.join(ENGINES)}")
    if given.cache is not None:
        (model,) = models
        print(json.dumps(_load(*model, given.cache)))
        return
    rows = [row for family, folder in models for row in _rows(family, folder)]
    lines = [f"# Loading recognizers, one thread, {kernels()}", "", *table(_HEAD, rows, 2)]
    print("\n".join(lines))
    if given.output is not None:
        given.output.write_text("\n".join(lines), encoding="utf-8")


def _rows(family: str, folder: Path) -> list[tuple[str, ...]]:
    form = "checkpoint" if (folder / "model.pt").is_file() else "ONNX"
    with tempfile.TemporaryDirectory() as cache:
        command = [sys.executable, "-m", "benchmarks.loading", family, str(folder)]
        rows = []
        for start in ("first", "second"):
            done = subprocess.run([*command, "--cache", cache], stdout=subprocess.PIPE, check=True)
            facts = json.loads(done.stdout)
            rows.append((f"{family}, {form}", start, *(f"{facts[fact]:g}" for fact in _FACTS)))
    return rows


def _load(family: str, folder: Path, cache: Path) -> dict[str, float]:
    """What one start costs, imports included."""
    engine = load_engine(family, folder, Place(choose_device("cpu", "int8"), 1, cache))
    load_s, memory_mb = time.process_time(), _status_mb("VmRSS")
    samples = continuous(_AUDIO_S).astype(np.float32) / np.float32(32768)
    took = []
    for _ in range(_ROUNDS):
        began = time.process_time()
        fbank = FbankStream(engine.fbank)
        fbank.take(samples)
        engine.recognize([Segment(engine.features(fbank.between(0, len(samples))))])
        took.append(time.process_time() - began)
    return {
        "load_s": round(load_s, 2),
        "memory_mb": memory_mb,
        "highest_mb": _status_mb("VmHWM"),
        "recognize_ms": round(min(took) * 1000),
    }


def _status_mb(field: str) -> int:
    """A field of this process's status in MB of 10^6 bytes (Linux)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (line,) = (line for line in lines if line.startswith(field + ":"))
    return round(int(line.split()[1]) * 1024 / 1e6)


if __name__ == "__main__":
    main()
