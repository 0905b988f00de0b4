from pathlib import Path

import pytest

from wyoming_funasr.engines.base import Place
from wyoming_serving.devices import Device, Precision


def cpu(cache: Path, precision: Precision) -> Place:
    return Place(Device("cpu", precision, f"CPU, {precision}"), 1, cache)


@pytest.fixture(scope="session")
def float32(graphs: Path) -> Place:
    return cpu(graphs.parent, "float32")


@pytest.fixture(scope="session")
def int8(graphs: Path) -> Place:
    return cpu(graphs.parent, "int8")
