"""Log lines for people and for machines."""

import json
import logging
import subprocess
import sys
import warnings
from datetime import UTC, datetime

import pytest

from wyoming_serving.logs import MAX_MESSAGE_CHARACTERS, configure_logging, log_request
from wyoming_serving.reports import RequestReport, Stage

LOGGER = logging.getLogger("kitchen")


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


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_message_is_one_bounded_line(capfd: pytest.CaptureFixture[str], log_format: str) -> None:
    configure_logging("info", log_format)
    LOGGER.info("%s", "first\nsecond \x1b[31m\x85\u2028" + "x" * 1_000_000)
    err = capfd.readouterr().err
    assert err.count("\n") == 1
    assert len(err) < MAX_MESSAGE_CHARACTERS + 200
    assert "more characters" in err
    assert "\x1b" not in err


def test_what_libraries_log_and_warn_takes_the_same_form(
    capfd: pytest.CaptureFixture[str],
) -> None:
    early = logging.getLogger("early_library")
    early.addHandler(logging.StreamHandler(sys.stdout))
    early.propagate = False
    configure_logging("info", "json")
    late = logging.getLogger("late_library")
    late.addHandler(logging.StreamHandler(sys.stdout))
    late.propagate = False
    early.warning("of the first")
    late.warning("of the second")
    warnings.warn("old", UserWarning, stacklevel=1)
    out, err = capfd.readouterr()
    assert out == ""
    lines = [json.loads(line) for line in err.splitlines()]
    assert [line["logger"] for line in lines] == ["early_library", "late_library", "py.warnings"]


PRINTING = """
import sys
from wyoming_serving.logs import configure_logging, library_output_logged
configure_logging("info", "json")
with library_output_logged():
    print("hello")
    print("10 %\\r20 %\\r100 %", file=sys.stderr)
    raise ValueError("the end")
"""


def test_what_libraries_print_and_how_the_program_fails_are_lines_too() -> None:
    done = subprocess.run([sys.executable, "-c", PRINTING], capture_output=True, text=True)
    assert done.stdout == ""
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(line["logger"], line["message"]) for line in lines] == [
        ("stdout", "hello"),
        ("stderr", "100 %"),
        ("wyoming_serving.logs", "the program failed"),
    ]
    assert "ValueError: the end" in lines[-1]["error"]


def test_the_line_of_a_request(capfd: pytest.CaptureFixture[str]) -> None:
    report = RequestReport("transcribe", "zh", audio_seconds=2.345, outcome="answered")
    report.add(Stage.RECOGNITION, 0.1804)
    report.text = "打开灯"
    configure_logging("debug", "json")
    log_request("192.168.1.7:50000", report)
    line, text = map(json.loads, capfd.readouterr().err.splitlines())
    assert line["message"] == (
        "192.168.1.7:50000: kind=transcribe outcome=answered language=zh audio_seconds=2.35 "
        "recognition_ms=180"
    )
    assert line["request"]["recognition_ms"] == 180
    assert (text["level"], "打开灯" in text["message"]) == ("debug", True)
    configure_logging("info", "text")
    log_request("192.168.1.7:50000", report)
    assert "打开灯" not in capfd.readouterr().err
