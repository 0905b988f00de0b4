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
    fault = Fault("recognizer", "a replica of two killed", 50, 50, 12, 0, 900.0)
    text = page(runs, [fault])
    assert "| recognizer, 2 replicas | 13.0 ms | 13.0 ms | 2.0 ms |" in text
    assert "| recognizer | a replica of two killed | 50 | 50 | 12 | 0 | 900 ms |" in text
    assert "3.0 ms to it and back" in text and "not a measurement" in text
