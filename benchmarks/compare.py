"""Measure our two services and their peers on this machine, and write a table and plots.

    python -m benchmarks.compare --output benchmarks/results

What has been measured is kept in the output folder, one line for each measurement: an interrupted
run goes on, `--restart` begins anew. The peers are installed and weights of real size are written
into the cache folder at first (5 GB in all); that takes minutes and counts for nothing.
"""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from benchmarks import machine, weights
from benchmarks.in_process import measure_in_process
from benchmarks.measure import measure
from benchmarks.plan import FULL, QUICK
from benchmarks.programs import Places
from benchmarks.report import write_report
from benchmarks.rows import OtherRunError, Rows
from benchmarks.subjects import SUBJECTS, subjects

IN_PROCESS = "in-process"
"""Our recognizer and sherpa-onnx without a server."""
_CHOICES = (*SUBJECTS, IN_PROCESS)
_INSTALL = Path(__file__).parent / "install_peers.sh"


def main() -> int:
    """Measure what is missing; gives the exit status, 1 when something failed."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that servers end with us
    given = _arguments()
    plan = QUICK if given.quick else FULL
    file = given.output / "rows.jsonl"
    if given.restart:
        file.unlink(missing_ok=True)
    try:
        rows = Rows(file, machine.describe(plan.name))
    except OtherRunError as error:
        print(f"benchmarks.compare: {error}", file=sys.stderr)
        return 2
    complete = True
    try:
        if not given.report:
            places = _places(given)
            chosen = [s for s in subjects(places, plan) if s.program.name in given.only]
            done = [asyncio.run(measure(subject, rows)) for subject in chosen]
            if IN_PROCESS in given.only:
                done.append(measure_in_process(places, plan, rows))
            complete = all(done)
    except KeyboardInterrupt:
        print("benchmarks.compare: stopped; the same command goes on", file=sys.stderr)
        return 130
    write_report(given.output, rows)
    return 0 if complete else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, required=True, help="folder for rows and report")
    parser.add_argument("--quick", action="store_true", help="few of each; minutes, no figures")
    parser.add_argument("--restart", action="store_true", help="forget what was measured")
    parser.add_argument("--report", action="store_true", help="measure nothing, only write")
    parser.add_argument(
        "--only", nargs="+", choices=_CHOICES, default=_CHOICES, metavar="SERVER",
        help=f"measure only these: {', '.join(_CHOICES)}",
    )  # fmt: skip
    parser.add_argument(
        "--cache", type=Path, default=Path("~/.cache/wyoming-speech/benchmarks").expanduser(),
        help="folder for weights and peers",
    )  # fmt: skip
    return parser.parse_args()


def _places(given: argparse.Namespace) -> Places:
    """Weights and peers; what is there already stays."""
    peers: Path = given.cache / "peers"
    if not (peers / "complete").is_file():
        environment = os.environ | {"PYTHON": sys.executable}
        subprocess.run([str(_INSTALL), str(peers)], check=True, env=environment)
        (peers / "complete").touch()
    return Places(
        weights.sense_voice(given.cache),
        weights.sense_voice_onnx(given.cache),
        weights.melotts(given.cache),
        peers,
    )


if __name__ == "__main__":
    sys.exit(main())
