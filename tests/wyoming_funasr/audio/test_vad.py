"""Where speech is: from probabilities, and from real audio however it is split."""

import numpy as np
import pytest

from tests.support.speech import RATE_HZ, noise, speech_samples
from wyoming_funasr.audio.vad import SileroStream, SileroVoiceActivity, SpeechTracker


def track(pattern: str) -> SpeechTracker:
    """`#` is a window of speech, `.` of silence, `~` one that says neither."""
    tracker = SpeechTracker()
    for mark in pattern:
        tracker.push({"#": 0.9, ".": 0.1, "~": 0.4}[mark])
    return tracker


@pytest.mark.parametrize(
    ("pattern", "speech", "silence"),
    [
        ("", [], 0),
        ("......", [], 0),
        ("..####", [(2, 6)], 0),
        ("..####.", [(2, 6)], 1),
        ("..####......", [(2, 6)], 6),
        ("..##~~##......", [(2, 8)], 6),
        ("..####...####", [(2, 13)], 0),
        ("..####....####....", [(2, 6), (10, 14)], 4),
        ("..###......", [], 0),
        # a click stops the count while it may be speech, and then it goes on as if nothing was
        ("..####....#", [(2, 6)], 0),
        ("..####....#....", [(2, 6)], 9),
    ],
)
def test_speech_is_told_from_clicks_and_breaths(
    pattern: str, speech: list[tuple[int, int]], silence: int
) -> None:
    tracker = track(pattern)
    assert tracker.speech() == speech
    assert tracker.silence == silence
    assert tracker.speech_end == (speech[-1][1] if speech else 0)


def go_over(stream: SileroStream, silence_ms: float = float("inf")) -> bool:
    """Step to where silence behind speech has lasted so long; False if it never does."""
    while stream.step():
        if stream.silence_ms >= silence_ms:
            return True
    return False


@pytest.mark.parametrize("size", [160, 512, 5_000, 10**6])
def test_speech_does_not_depend_on_the_chunks(size: int) -> None:
    samples = np.concatenate((speech_samples(), noise(0.6, 0.001), speech_samples()))
    stream = SileroVoiceActivity().stream()
    for at in range(0, len(samples), size):
        stream.take(samples[at : at + size], last=at + size >= len(samples))
        go_over(stream)
    whole = SileroVoiceActivity().stream()
    whole.take(samples, last=True)
    assert go_over(whole, 400)
    assert whole.silence_ms == 416  # windows of 32 ms
    assert whole.position < len(speech_samples()) + 0.6 * RATE_HZ
    go_over(whole)
    assert stream.spans() == whole.spans()
    assert stream.position == whole.position == len(samples)
    assert stream.speech_end == whole.speech_end == whole.spans()[-1].stop
    assert len(stream.spans()) >= 2


def test_noise_is_no_speech() -> None:
    stream = SileroVoiceActivity().stream()
    stream.take(noise(2.0), last=True)
    assert not go_over(stream, 200)
    assert stream.spans() == [] and stream.silence_ms == 0 and stream.speech_end == 0
