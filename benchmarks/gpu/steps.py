"""The steps of a run, each in a process of its own: one that crashes takes nothing with it."""

import importlib
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_KILL_SECONDS = 5.0
_LOG_CHARACTERS = 3000


@dataclass(frozen=True)
class Step:
    """One of them: the function that measures, and how long it may take."""

    name: str
    title: str
    function: str
    """`module:function` of this package."""
    seconds: float


STEPS = (
    Step("environment", "Environment", "environment:measure", 60),
    Step("tests", "Tests that need a GPU", "gpu_tests:measure", 180),
    Step("precision", "float16 and float32 against the CPU", "precision:measure", 150),
    Step("recognizer", "SenseVoice, real size", "recognizer:measure", 180),
    Step("voice", "MeloTTS, real size", "voice:measure", 90),
    Step("listeners", "Speech to text: sessions in real time", "sessions:speech_to_text", 180),
    Step("speakers", "Text to speech: sessions", "sessions:text_to_speech", 120),
    Step("exhaustion", "Out of memory", "exhaustion:measure", 150),
    Step("graphs", "CUDA graphs, torch.compile and layouts", "graphs:measure", 180),
)
"""The most needed first: a machine may be taken away."""


@dataclass
class Outcome:
    """What came of a step."""

    name: str
    status: str
    """`ok`, `failed`, `out of time` or `skipped`."""
    seconds: float = 0.0
    device: str = ""
    is_rehearsal: bool = False
    error: str = ""
    found: dict[str, Any] = field(default_factory=dict)


def run_step(step: Step, options: Sequence[str], folder: Path, seconds: float) -> Outcome:
    """Run a step as a process for at most so long; what it has found until then is kept."""
    file, log = folder / f"{step.name}.json", folder / f"{step.name}.log"
    file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "benchmarks.gpu.step", step.name, str(file), *options]
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True
        )
        try:
            code = process.wait(seconds)
            status = "failed" if code else "ok"
        except subprocess.TimeoutExpired:
            status = "out of time"
        finally:
            _end_group(process)
    tail = log.read_text(encoding="utf-8", errors="replace")[-_LOG_CHARACTERS:]
    found = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    took = round(time.monotonic() - started, 1)
    return Outcome(step.name, status, took, error="" if status == "ok" else tail, found=found)


def _end_group(process: "subprocess.Popen[bytes]") -> None:
    """End a step and every server that it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(_KILL_SECONDS)
        except subprocess.TimeoutExpired:
            continue


def call(step: Step, run: object) -> int:
    """Run a step in this process; returns the exit status."""
    module, _, function = step.function.partition(":")
    try:
        getattr(importlib.import_module(f"benchmarks.gpu.{module}"), function)(run)
    except Exception:
        traceback.print_exc()
        return 1
    return 0


def write(outcomes: Sequence[Outcome], file: Path) -> None:
    """Keep all outcomes."""
    content = [asdict(outcome) for outcome in outcomes]
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(file: Path) -> dict[str, Outcome]:
    """Returns the outcomes of an earlier run, by step; none if there was no run."""
    if not file.is_file():
        return {}
    content = json.loads(file.read_text(encoding="utf-8"))
    return {one["name"]: Outcome(**one) for one in content}
