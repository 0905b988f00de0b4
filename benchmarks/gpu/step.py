"""One step as a process: `python -m benchmarks.gpu.step NAME FILE`, started by `benchmarks.gpu`."""

import argparse
import sys
from pathlib import Path

from benchmarks.gpu.steps import STEPS, call


def main() -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu.step", description=__doc__)
    parser.add_argument("name", choices=[step.name for step in STEPS])
    parser.add_argument("file", type=Path)
    parser.add_argument("--device", required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--tiny", action="store_true")
    given = parser.parse_args()
    from benchmarks.gpu.run import Run

    run = Run(given.device, given.tiny, given.cache, given.file)
    return call(next(step for step in STEPS if step.name == given.name), run)


if __name__ == "__main__":
    sys.exit(main())
