"""The tests that need a GPU."""

import subprocess
import sys
from pathlib import Path

from benchmarks.gpu.run import Run

_TAIL_CHARACTERS = 6000
_ROOT = Path(__file__).parents[2]


def measure(run: Run) -> None:
    """Run them in a process of their own; without a GPU all of them are skipped.

    Raises:
        RuntimeError: one failed.
    """
    command = [sys.executable, "-m", "pytest", "-m", "gpu", "tests/gpu", "-v", "--color=no"]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    run.note("status", done.returncode)
    run.note("output", (done.stdout + done.stderr)[-_TAIL_CHARACTERS:])
    if done.returncode:
        raise RuntimeError(f"pytest ended with status {done.returncode}")
