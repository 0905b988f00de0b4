"""Do everything that a GPU is needed for, in one run, and write a page.

Needs no internet. Every step is a process with a time limit; what it finds is kept at once. A later
run of some steps (`--steps`) replaces these alone.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.gpu.page import page
from benchmarks.gpu.steps import STEPS, Outcome, read, run_step, write

RESULTS = Path(__file__).parents[1] / "results"
_CACHE = Path("~/.cache/wyoming-speech/benchmarks").expanduser()
_MINUTES = 19.0
NO_GPU = 2


def main() -> int:
    """Run the command; returns the exit status: 1 where a step failed, 2 without a GPU."""
    given = _arguments()
    problem = _gpu_problem(given.device)
    if problem is not None:
        print(f"no GPU to measure: {problem}; --device cpu --tiny rehearses", file=sys.stderr)
        return NO_GPU
    given.output.mkdir(parents=True, exist_ok=True)
    file = given.output / "gpu.json"
    outcomes = read(file)
    ends = time.monotonic() + 60 * given.minutes
    ran = []
    for step in STEPS:
        if step.name not in given.steps:
            continue
        ran.append(outcome := _outcome(step.name, given, ends))
        outcomes[step.name] = outcome
        write([outcomes[one.name] for one in STEPS if one.name in outcomes], file)
        (given.output / "gpu.md").write_text(page(outcomes), encoding="utf-8")
        print(f"{step.name}: {outcome.status}, {outcome.seconds:.0f} s", flush=True)
        if outcome.error:
            print(outcome.error, file=sys.stderr, flush=True)
    return 0 if all(outcome.status == "ok" for outcome in ran) else 1


def _arguments() -> argparse.Namespace:
    names = [step.name for step in STEPS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument(
        "--tiny", action="store_true", help="rehearse with tiny models; figures mean nothing"
    )
    parser.add_argument("--steps", nargs="+", choices=names, default=names, metavar="STEP",
                        help=f"only some of: {', '.join(names)}")  # fmt: skip
    parser.add_argument("--minutes", type=float, default=_MINUTES, help="for all steps together")
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--cache", type=Path, default=_CACHE, help="folder for random weights")
    given = parser.parse_args()
    if given.device == "cpu" and not given.tiny:
        parser.error("--device cpu only rehearses, and wants --tiny")
    return given


def _gpu_problem(device: str) -> str | None:
    if device == "cpu":
        return None
    try:
        from wyoming_serving.torch.gpus import TorchGpus
    except ImportError as error:
        return f"torch is not installed ({error})"
    return TorchGpus().problem(device)


def _outcome(name: str, given: argparse.Namespace, ends: float) -> Outcome:
    """Run one step in what is left of the time."""
    step = next(one for one in STEPS if one.name == name)
    left = ends - time.monotonic()
    if left < 1:
        outcome = Outcome(name, "skipped", error="no time was left")
    else:
        options = ["--device", given.device, "--cache", str(given.cache)]
        options += ["--tiny"] if given.tiny else []
        given.cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            outcome = run_step(step, options, Path(folder), min(step.seconds, left))
    outcome.device, outcome.is_rehearsal = given.device, given.tiny
    return outcome


if __name__ == "__main__":
    sys.exit(main())
