"""The cache of sentences."""

from wyoming_melotts.delivery.cache import AudioCache
from wyoming_melotts.spoken import SpokenAudio, SpokenPhone, SpokenWord


def test_the_least_recently_used_leaves() -> None:
    cache = AudioCache(10)
    cache.put(("v", "a"), SpokenAudio(b"1234"))
    cache.put(("v", "b"), SpokenAudio(b"5678"))
    assert cache.get(("v", "a")) == SpokenAudio(b"1234")
    cache.put(("v", "c"), SpokenAudio(b"90"))
    cache.put(("v", "d"), SpokenAudio(b"x"))
    assert cache.get(("v", "b")) is None
    assert cache.get(("v", "a")) == SpokenAudio(b"1234")
    assert cache.get(("other", "a")) is None


def test_what_is_put_again_counts_once() -> None:
    cache = AudioCache(8)
    for _ in range(5):
        cache.put(("v", "a"), SpokenAudio(b"1234"))
    cache.put(("v", "b"), SpokenAudio(b"5678"))
    assert cache.get(("v", "a")) == SpokenAudio(b"1234")


def test_zero_keeps_nothing_and_one_over_the_limit_is_not_kept() -> None:
    off, small = AudioCache(0), AudioCache(3)
    off.put(("v", "a"), SpokenAudio(b"1"))
    assert off.get(("v", "a")) is None
    small.put(("v", "a"), SpokenAudio(b"123"))
    small.put(("v", "b"), SpokenAudio(b"1234"))
    assert small.get(("v", "a")) == SpokenAudio(b"123")
    assert small.get(("v", "b")) is None


def test_the_times_of_phones_take_memory_too() -> None:
    phone = SpokenPhone("a", 0.0, 0.1)
    marked = SpokenAudio(bytes(10), [SpokenWord("a", 0.0, 0.1, (phone,))])
    cache = AudioCache(100)
    cache.put(("v", "a"), marked)
    assert cache.get(("v", "a")) is None
