import json
from dataclasses import asdict

import pytest

from benchmarks.percentiles import Percentiles
from benchmarks.ray.faults import Fault
from benchmarks.ray.load import Run
from benchmarks.ray.page import page
from benchmarks.ray.simulation import (
    AIM_MS,
    BASE_MS,
    EACH_MS,
    Figures,
    fronts,
    most_sessions,
    p95_ms,
)
from benchmarks.ray.summary import PAGE, RESULTS, quoted, summary


def test_a_session_that_has_gpus_enough_waits_for_nobody() -> None:
    assert p95_ms(1, 8, Figures(3.0)) == pytest.approx(BASE_MS + EACH_MS + 3.0)


def test_more_gpus_carry_more_within_the_aim() -> None:
    one, two = (most_sessions(gpus, Figures(3.0)) for gpus in (1, 2))
    assert 0 < one < two
    assert p95_ms(one, 1, Figures(3.0)) <= AIM_MS < p95_ms(2 * one, 1, Figures(3.0))


def run(replicas: int, alone_ms: float, run_ms: float, per_second: float) -> Run:
    alone, loaded = (Percentiles(1, ms, ms, ms) for ms in (alone_ms, 2 * alone_ms))
    return Run("recognizer", replicas, alone, run_ms, per_second, loaded, cpu_ms=2.0)


def test_figures_come_from_one_replica() -> None:
    figures = Figures.of(run(1, alone_ms=13.0, run_ms=10.0, per_second=80.0))
    assert figures == Figures(way_ms=3.0, busy=0.8, front_ms=2.0)
    assert Figures.of(run(1, alone_ms=9.0, run_ms=10.0, per_second=500.0)).way_ms == 0


def test_replicas_that_idle_carry_less() -> None:
    assert most_sessions(1, Figures(3.0, busy=0.5)) < most_sessions(1, Figures(3.0))


def test_fronts_are_counted_by_what_a_request_costs_them() -> None:
    figures = Figures(3.0, front_ms=2.0)
    assert [fronts(sessions, figures) for sessions in (0, 1000, 5000)] == [1, 1, 4]


def test_the_page_says_what_was_measured_and_what_is_assumed() -> None:
    runs = [run(0, 11.0, 10.0, 160.0), run(1, 13.0, 10.0, 80.0), run(2, 13.0, 10.0, 150.0)]
    faults = [
        Fault("recognizer", "a replica of two killed", 50, 50, 12, 0, 900.0),
        Fault("recognizer", "the head killed", 50, 2, None, 0, 9000.0),
    ]
    text = page(runs, faults)
    assert "| recognizer, 2 replicas | 13.0 ms | 13.0 ms | 2.0 ms |" in text
    assert "| recognizer | a replica of two killed | 50 | 50 | 12 | 0 | 0 | 900 ms |" in text
    assert "| recognizer | the head killed | 50 | 2 | not counted | 0 | 48 | 9000 ms |" in text
    assert "3.0 ms to it and back" in text and "not a measurement" in text


def test_the_summary_compares_with_one_process() -> None:
    runs = [run(0, 11.0, 10.0, 160.0), run(1, 13.0, 10.0, 80.0), run(4, 13.5, 10.0, 150.0)]
    found = {"processor": "a CPU", "cores": 2, "runs": [asdict(one) for one in runs]}
    text = summary(found)
    assert "with the demo models on 2 cores of a CPU" in text
    assert "| recognizer | in-process | 11.0 ms | 0.0 ms | 160 |" in text
    assert "| recognizer | 4 | 13.5 ms | 2.5 ms | 150 |" in text
    assert "has 1, 2, 4 and 8 GPUs carry" in text
    assert text in quoted(PAGE.read_text(encoding="utf-8"), found)


def test_the_docs_quote_the_results() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == quoted(page, json.loads(RESULTS.read_text(encoding="utf-8")))
