"""Log lines for people and for machines."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from wyoming_serving.logs import configure_logging

LOGGER = logging.getLogger("kitchen")


@pytest.fixture(autouse=True)
def restored_root() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def test_json_is_one_object_a_line(capfd: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "json")
    LOGGER.info("灯 is %s\nnow", "on")
    try:
        raise ValueError("bulb")
    except ValueError:
        LOGGER.exception("it failed")
    out, err = capfd.readouterr()
    first, second = map(json.loads, err.splitlines())
    assert out == ""
    assert (first["level"], first["logger"], first["message"]) == (
        "info",
        "kitchen",
        "灯 is on\nnow",
    )
    assert abs((datetime.now(UTC) - datetime.fromisoformat(first["time"])).total_seconds()) < 60
    assert second["error"].endswith("ValueError: bulb")


def test_text_goes_to_standard_error_from_the_level_on(capfd: pytest.CaptureFixture[str]) -> None:
    configure_logging("warning", "text")
    LOGGER.info("quiet")
    LOGGER.warning("loud")
    out, err = capfd.readouterr()
    assert out == ""
    assert "loud" in err and "WARNING" in err and "kitchen" in err
    assert "quiet" not in err
