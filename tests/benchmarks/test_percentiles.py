import pytest

from benchmarks.percentiles import percentiles


def test_values_between_two_are_interpolated() -> None:
    found = percentiles([float(value) for value in range(101)])
    assert (found.count, found.p50, found.p95, found.p99) == (101, 50, 95, 99)
    assert percentiles([1.0, 2.0]).p50 == 1.5


def test_order_does_not_matter() -> None:
    assert percentiles([3.0, 1.0, 2.0]) == percentiles([1.0, 2.0, 3.0])


def test_one_value_is_every_percentile() -> None:
    found = percentiles([7.0])
    assert found.p50 == found.p95 == found.p99 == 7


def test_no_values_are_an_error() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentiles([])
