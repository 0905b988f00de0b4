"""The run for a GPU, rehearsed on the CPU with tiny models."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.gpu.page import page
from benchmarks.gpu.run import Run
from benchmarks.gpu.steps import STEPS, Outcome, Step, call, run_step


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("weights")


def command(*words: str) -> "subprocess.CompletedProcess[str]":
    words = (sys.executable, "-m", "benchmarks.gpu", *words)
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_every_step_can_be_rehearsed(step: Step, cache: Path, tmp_path: Path) -> None:
    run = Run("cpu", True, cache, tmp_path / "found.json")
    assert call(step, run) == 0
    assert json.loads(run.file.read_text()) == run.found != {}
    shown = page({step.name: Outcome(step.name, "ok", 1.0, "cpu", True, found=run.found)})
    assert "THIS IS A REHEARSAL" in shown
    assert f"## {step.title}" in shown


def test_without_a_gpu_it_says_so(tmp_path: Path) -> None:
    done = command("--device", "cuda:31", "--output", str(tmp_path))
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("no GPU to measure: ")
    assert not list(tmp_path.iterdir())


def test_the_command_writes_a_page_and_a_later_run_adds_to_it(tmp_path: Path) -> None:
    words = ("--device", "cpu", "--tiny", "--output", str(tmp_path), "--cache", str(tmp_path / "c"))
    done = command(*words, "--steps", "environment")
    assert done.returncode == 0, done.stderr
    done = command(*words, "--steps", "recognizer", "--minutes", "0")
    assert done.returncode == 1
    outcomes = {one["name"]: one for one in json.loads((tmp_path / "gpu.json").read_text())}
    assert outcomes["environment"]["status"] == "ok"
    assert outcomes["environment"]["found"]["cores"]
    assert outcomes["recognizer"]["status"] == "skipped"
    assert "no time was left" in (tmp_path / "gpu.md").read_text()


def test_what_a_step_found_before_its_end_is_kept(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text('{"speed": 1}')  # of an earlier run, to be forgotten
    options = ("--device", "cpu", "--cache", str(tmp_path))
    failed = run_step(Step("broken", "", "", 60), options, tmp_path, 60)
    assert (failed.status, failed.found) == ("failed", {})
    assert "invalid choice: 'broken'" in failed.error
    late = run_step(STEPS[0], (*options, "--tiny"), tmp_path, 0.01)
    assert late.status == "out of time"


def test_one_finding_is_kept_at_a_time(tmp_path: Path) -> None:
    run = Run("cpu", True, tmp_path, tmp_path / "found.json")
    run.add("speed", seconds=1)
    run.add("speed", seconds=2)
    assert json.loads(run.file.read_text()) == {"speed": [{"seconds": 1}, {"seconds": 2}]}
