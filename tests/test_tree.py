"""What is in the repository is the project's own."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_MOST_BYTES = 16 << 20
"""Of a file; the demo recognizer's weights are the largest that there may be."""


def _tracked(*options: str) -> list[str]:
    command = ("git", "-C", str(ROOT), "ls-files", "-z", *options)
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("needs git and a checkout of the repository")
    return [name for name in listed.stdout.split("\0") if name]


def test_nothing_that_is_ignored_was_added() -> None:
    assert _tracked("--cached", "--ignored", "--exclude-standard") == []


def test_no_file_is_larger_than_a_demo_model() -> None:
    files = [ROOT / name for name in _tracked()]
    assert files
    assert [file for file in files if file.is_file() and file.stat().st_size > _MOST_BYTES] == []
