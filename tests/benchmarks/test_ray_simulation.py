import pytest

from benchmarks.ray_simulation import (
    AIM_MS,
    BASE_MS,
    EACH_MS,
    Figures,
    most_sessions,
    p95_ms,
    sessions_table,
)


def test_a_session_that_has_gpus_enough_waits_for_nobody() -> None:
    assert p95_ms(1, 8, Figures(3.0)) == pytest.approx(BASE_MS + EACH_MS + 3.0)


def test_more_gpus_carry_more_within_the_aim() -> None:
    one, two = (most_sessions(gpus, Figures(3.0)) for gpus in (1, 2))
    assert 0 < one < two
    assert p95_ms(one, 1, Figures(3.0)) <= AIM_MS < p95_ms(2 * one, 1, Figures(3.0))


def test_the_page_says_what_it_assumes() -> None:
    text = sessions_table(Figures.of(-1.0))
    assert "0.0 ms to a replica" in text and "not a measurement" in text
