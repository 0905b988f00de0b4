"""Every test here needs a GPU."""

import importlib.util
from pathlib import Path

import pytest


def _has_gpu() -> bool:
    if importlib.util.find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder, and skip them where they cannot run."""
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in here:
        item.add_marker(pytest.mark.gpu)
    if here and not _has_gpu():
        for item in here:
            item.add_marker(pytest.mark.skip(reason="needs a CUDA device"))
