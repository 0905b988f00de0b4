"""What every test has; a run ends by naming what it could not check."""

import logging
import sys
import warnings
from collections import Counter
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Undo what a command run within a test does to logging, which holds the test's output."""
    root = logging.getLogger()
    handlers, level, kind = root.handlers[:], root.level, logging.getLoggerClass()
    with warnings.catch_warnings():
        yield
    logging.captureWarnings(False)
    logging.setLoggerClass(kind)
    sys.excepthook = sys.__excepthook__
    root.handlers[:], root.level = handlers, level


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List the reasons of skipped tests, each with how many it kept from running."""
    reasons = Counter(
        report.longrepr[2].removeprefix("Skipped: ")
        for report in terminalreporter.getreports("skipped")
        if isinstance(report.longrepr, tuple)
    )
    if reasons:
        terminalreporter.section("not checked here")
        for reason, count in reasons.most_common():
            terminalreporter.line(f"{count:4} {reason}")
