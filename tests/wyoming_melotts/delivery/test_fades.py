"""Speech begins and ends without a click."""

import numpy as np

from wyoming_melotts.delivery.fades import FADE_SECONDS, faded

RATE_HZ = 1_000
FADE = int(FADE_SECONDS * RATE_HZ)


def loud(samples: int) -> np.ndarray:
    return np.ones(samples, np.float32)


def silent(samples: int) -> np.ndarray:
    return np.zeros(samples, np.float32)


def test_speech_rises_and_falls_around_silence() -> None:
    chunks = [loud(20), loud(20), silent(10), loud(20), silent(10)]
    audio = np.concatenate(list(faded(chunks, RATE_HZ)))
    assert len(audio) == 80
    assert audio[0] == audio[39] == audio[50] == audio[69] == 0
    assert (audio[FADE : 40 - FADE] == 1).all()
    assert (audio[50 + FADE : 70 - FADE] == 1).all()


def test_speech_that_ends_without_silence_falls() -> None:
    audio = np.concatenate(list(faded([loud(30)], RATE_HZ)))
    assert audio[-1] == 0
    assert len(audio) == 30


def test_chunks_shorter_than_a_fade_lose_nothing() -> None:
    chunks = [loud(1), loud(2), loud(1), silent(1), loud(1)]
    assert sum(map(len, faded(chunks, RATE_HZ))) == 6
    assert list(faded([], RATE_HZ)) == []
