"""A recording is recognized on a CPU without AVX2, as qemu plays one."""

import os
import platform
import shutil
import subprocess
import sys

import pytest

from tests.support.speech import DATA

QEMU = shutil.which("qemu-x86_64-static") or shutil.which("qemu-x86_64")
CPU = "Nehalem"
"""Of 2008: SSE4.2, no AVX."""

SECONDS = 180

TRANSCRIBE = """
import sys
sys.modules["torch"] = None  # a CPU installation has none, and its own needs are not ours
from wyoming_funasr.__main__ import main
sys.exit(main())
"""


@pytest.mark.skipif(QEMU is None, reason="needs qemu-x86_64 (Debian's qemu-user)")
@pytest.mark.skipif(platform.machine() != "x86_64", reason="needs an x86-64 Python")
def test_a_recording_is_recognized_without_avx2() -> None:
    assert QEMU is not None
    recording = str(DATA / "kitchen_light_off_en.wav")
    settings = ["--model-dir", "demo", "--threads", "1", "--offline"]
    # qemu starts no virtual environment's Python: it is the real one, with the same packages
    python = os.path.realpath(sys.executable)
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    done = subprocess.run(
        [QEMU, "-cpu", CPU, python, "-c", TRANSCRIBE, "transcribe", recording, *settings],
        env=environment, capture_output=True, text=True, timeout=SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "Turn off the kitchen light."
