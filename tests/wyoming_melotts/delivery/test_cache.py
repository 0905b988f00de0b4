"""The cache of sentences."""

from wyoming_melotts.delivery.cache import AudioCache


def test_the_least_recently_used_leaves() -> None:
    cache = AudioCache(10)
    cache.put(("v", "a"), b"1234")
    cache.put(("v", "b"), b"5678")
    assert cache.get(("v", "a")) == b"1234"
    cache.put(("v", "c"), b"90")
    cache.put(("v", "d"), b"x")
    assert cache.get(("v", "b")) is None
    assert cache.get(("v", "a")) == b"1234"
    assert cache.get(("other", "a")) is None


def test_what_is_put_again_counts_once() -> None:
    cache = AudioCache(8)
    for _ in range(5):
        cache.put(("v", "a"), b"1234")
    cache.put(("v", "b"), b"5678")
    assert cache.get(("v", "a")) == b"1234"


def test_zero_keeps_nothing_and_one_over_the_limit_is_not_kept() -> None:
    off, small = AudioCache(0), AudioCache(3)
    off.put(("v", "a"), b"1")
    assert off.get(("v", "a")) is None
    small.put(("v", "a"), b"123")
    small.put(("v", "b"), b"1234")
    assert small.get(("v", "a")) == b"123"
    assert small.get(("v", "b")) is None
