"""Upstream's recorded outputs."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

GOLDEN = Path(__file__).parents[3] / "shared" / "melotts-golden"

TOLERANCE = 1e-4


def golden(*parts: str) -> Path:
    """A recorded file; skips the test where the recordings are absent."""
    path = GOLDEN.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"upstream's recorded outputs are not here: {path}")
    return path


def read_json(*parts: str) -> Any:
    """A recorded JSON file."""
    return json.loads(golden(*parts).read_text(encoding="utf-8"))


def read_rows(*parts: str) -> list[dict[str, Any]]:
    """A recorded file of one JSON object a line."""
    return [json.loads(line) for line in golden(*parts).read_text(encoding="utf-8").splitlines()]


def assert_close(ours: Any, recorded: np.ndarray, what: str) -> None:
    """Equal in shape, and within 1e-4 everywhere."""
    ours = np.asarray(ours)
    assert ours.shape == recorded.shape, what
    worst = np.abs(ours - recorded).max(initial=0)
    assert worst <= TOLERANCE, f"{what}: off by {worst}"
