"""The cache of sentences."""

from wyoming_melotts.delivery.cache import AudioCache
from wyoming_melotts.spoken import SpokenAudio, SpokenPhone, SpokenWord

LONG, SHORT = SpokenAudio(bytes(40_000)), SpokenAudio(bytes(10_000))


def test_the_least_recently_used_leaves() -> None:
    cache = AudioCache(100_000)
    cache.put(("v", "a"), LONG)
    cache.put(("v", "b"), LONG)
    assert cache.get(("v", "a")) == LONG
    cache.put(("v", "c"), SHORT)
    cache.put(("v", "d"), SHORT)
    assert cache.get(("v", "b")) is None
    assert cache.get(("v", "a")) == LONG
    assert cache.get(("other", "a")) is None


def test_what_is_put_again_counts_once() -> None:
    cache = AudioCache(100_000)
    for _ in range(5):
        cache.put(("v", "a"), LONG)
    cache.put(("v", "b"), LONG)
    assert cache.get(("v", "a")) == LONG


def test_zero_keeps_nothing_and_one_over_the_limit_is_not_kept() -> None:
    off, small = AudioCache(0), AudioCache(30_000)
    off.put(("v", "a"), SHORT)
    assert off.get(("v", "a")) is None
    small.put(("v", "a"), SHORT)
    small.put(("v", "b"), LONG)
    assert small.get(("v", "a")) == SHORT
    assert small.get(("v", "b")) is None


def test_sentences_without_audio_take_memory_too() -> None:
    cache = AudioCache(1 << 20)
    for number in range(1000):
        cache.put(("v", "!" * number), SpokenAudio(b""))
    assert cache.get(("v", "")) is None
    assert cache.get(("v", "!" * 999)) is not None


def test_the_times_of_phones_take_memory_too() -> None:
    phone = SpokenPhone("a", 0.0, 0.1)
    marked = SpokenAudio(bytes(10), [SpokenWord("a", 0.0, 0.1, (phone,) * 100)])
    cache = AudioCache(10_000)
    cache.put(("v", "a"), marked)
    assert cache.get(("v", "a")) is None
