"""Install this checkout into a virtual environment, by uv where it is there, else by pip.

    python3 -m demo.install FOLDER EXTRAS

Runs before anything is installed, so it needs the standard library alone.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
_PHASES = ("Collecting", "Downloading", "Using cached", "Building wheel", "Installing collected")
_WIDTH = 72


def main() -> int:
    folder, extras = Path(sys.argv[1]), sys.argv[2]
    began = time.monotonic()
    print(f"Installing [{extras}] into {folder}, which takes a minute or more.", flush=True)
    if not (folder / "bin/python").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    wanted = ["--constraint", str(ROOT / "constraints.txt"), "--editable", f"{ROOT}[{extras}]"]
    if not (_by_uv(folder, wanted) or _by_pip(folder, wanted)):
        return 1
    print(f"Installed in {time.monotonic() - began:.0f} s.", flush=True)
    return 0


def _by_uv(folder: Path, wanted: list[str]) -> bool:
    """Whether uv is there and did it; it shows its own progress."""
    uv = shutil.which("uv")
    if uv is None:
        return False
    python = str(folder / "bin/python")
    command = [uv, "pip", "install", "--compile-bytecode", "--python", python, *wanted]
    if subprocess.run(command, check=False).returncode == 0:
        return True
    # uv reads neither pip's settings nor its folders of wheels
    print("uv did not find everything; pip goes on.", flush=True)
    return False


def _by_pip(folder: Path, wanted: list[str]) -> bool:
    """Whether pip did it; if not, what it said is printed."""
    command = [str(folder / "bin/python"), "-m", "pip", "install", "--progress-bar", "off", *wanted]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as pip:
        assert pip.stdout is not None
        said = _show(pip.stdout)
    if pip.returncode != 0:
        print("".join(said[-20:]), end="", file=sys.stderr)
    return pip.returncode == 0


def _show(lines: Iterable[str]) -> list[str]:
    """Show what pip does: a line that changes on a terminal, elsewhere one for each phase."""
    said, collected, shown = [], 0, ""
    for line in lines:
        said.append(line)
        phase = next((phase for phase in _PHASES if line.strip().startswith(phase)), None)
        if phase is None:
            continue
        collected += phase == "Collecting"
        if sys.stdout.isatty():
            room = min(_WIDTH, os.get_terminal_size().columns - 1)
            print(f"\r\033[K{f'{collected:3} {line.strip()}'[:room]}", end="", flush=True)
        elif phase != shown and phase in ("Building wheel", "Installing collected"):
            print(f"{phase} packages", flush=True)
        shown = phase
    if sys.stdout.isatty():
        print("\r\033[K", end="", flush=True)
    return said


if __name__ == "__main__":
    sys.exit(main())
