"""Our recognizer and sherpa-onnx with the same weights, called directly: one thread, no server."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.plan import Plan
from benchmarks.programs import Places
from benchmarks.rows import Row, Rows
from benchmarks.utterances import continuous
from benchmarks.weights import sherpa_onnx

OURS, SHERPA = "funasr-in-process", "sherpa-onnx"
MEASURE = "in process"
_SHERPA_TIMES = Path(__file__).parent / "sherpa_onnx_times.py"


def measure_in_process(places: Places, plan: Plan, rows: Rows) -> bool:
    """Add the rows that are missing; gives whether nothing failed."""
    if all(rows.find(server, MEASURE) for server in (OURS, SHERPA)):
        return True
    with tempfile.TemporaryDirectory() as folder:
        files = _write_audio(Path(folder), plan.in_process_s)
        commands = _commands(places)
        found: dict[str, list[list[list[float]]]] = {server: [] for server in commands}
        try:
            for _ in range(plan.in_process_turns):
                for server, command in commands.items():
                    times = _times([*command, str(plan.in_process_rounds), *files])
                    found[server].append(times)
        except subprocess.CalledProcessError as error:
            print(f"{MEASURE}: {error}", file=sys.stderr)
            return False
    for server, turns in found.items():
        rows.add(_row(server, plan.in_process_s, turns))
        print(f"{server} {MEASURE}", file=sys.stderr)
    return True


def _commands(places: Places) -> dict[str, list[str]]:
    files = sherpa_onnx(places.sense_voice_onnx)
    python = places.peers / "sherpa-onnx" / "bin" / "python"
    ours = [sys.executable, "-m", "benchmarks.recognizer_times", str(places.sense_voice_onnx)]
    return {OURS: ours, SHERPA: [str(python), str(_SHERPA_TIMES), *map(str, files)]}


def _write_audio(folder: Path, lengths_s: Sequence[int]) -> list[str]:
    files = []
    for length_s in lengths_s:
        files.append(str(folder / f"{length_s}.npy"))
        np.save(files[-1], continuous(length_s).astype(np.float32) / 32768)
    return files


def _times(command: Sequence[str]) -> list[list[float]]:
    """CPU milliseconds of every round, for each file."""
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: list[list[float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def _row(server: str, lengths_s: Sequence[int], turns: Sequence[Sequence[Sequence[float]]]) -> Row:
    """`cpu_ms` are the times of all turns, by the length of the audio."""
    times = {
        str(length_s): [ms for turn in turns for ms in turn[at]]
        for at, length_s in enumerate(lengths_s)
    }
    return {"server": server, "measure": MEASURE, "case": "", "cpu_ms": times}
