"""What every test has; a run ends by naming what it could not check."""

import importlib.util
import logging
import os
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from benchmarks.ray.cluster import Cluster
from tests.support.collector import Collector, collector
from tests.support.ray_cluster import cluster_or_skip
from wyoming_serving.devices import available_cores, let_threads_sleep

let_threads_sleep()  # as the programs do, before anything imports numpy

TORCH = ("torch", "funasr")
"""What no Python has without the extra `cuda`; some have no build of torch at all."""
NEEDS_TORCH = "needs torch, by the extra cuda"
WITHOUT_TORCH = importlib.util.find_spec("torch") is None


@pytest.fixture(scope="session")
def random_weights() -> None:
    """What makes models of random weights is there."""
    if WITHOUT_TORCH:
        pytest.skip(NEEDS_TORCH)


@pytest.fixture(scope="session")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Graphs that some test's model has become; making them takes half of a small test's time."""
    return tmp_path_factory.mktemp("cache") / "graphs"


@pytest.fixture
def cache_dir(graphs: Path, tmp_path: Path) -> Path:
    """A cache that holds nothing but the graphs of earlier tests."""
    graphs.mkdir(exist_ok=True)
    cache = tmp_path / "cache-dir"
    cache.mkdir()
    (cache / graphs.name).symlink_to(graphs)
    return cache


RandomModel = Callable[[str, Callable[[Path], Path]], Path]


@pytest.fixture(scope="session")
def random_model(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> RandomModel:
    """Finds a model by its name, and makes it where there is none yet.

    A Python without torch takes those that another one left in the folder `RANDOM_MODELS`.
    """
    kept = os.environ.get("RANDOM_MODELS")
    folder = Path(kept) if kept else tmp_path_factory.mktemp("random")

    def find(name: str, write: Callable[[Path], Path]) -> Path:
        if not (folder / name).is_dir():
            request.getfixturevalue("random_weights")
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            write(folder / name)
        return folder / name

    return find


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A Ray cluster for all tests of a file, without any application."""
    with cluster_or_skip() as running_cluster:
        yield running_cluster


@pytest.fixture(scope="module")
def spans() -> Iterator[Collector]:
    """Where programs that a file's tests start send their spans."""
    with collector() as running_collector:
        yield running_collector


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: a third of a worker's time is waiting."""
    return available_cores() + 1


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Skip a file of tests that imports torch where there is none."""
    report = yield
    missing = any(f"No module named '{name}" in str(report.longrepr) for name in TORCH)
    if WITHOUT_TORCH and report.failed and missing:
        report.outcome = "skipped"
        report.longrepr = (str(collector.path), 0, f"Skipped: {NEEDS_TORCH}")
    return report


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the tests of the pages write the docs' pictures."""
    parser.addoption(
        "--write-pictures", action="store_true", help="write docs/images/page-*.png anew"
    )


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
