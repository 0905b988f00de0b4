"""Long recordings are cut in their pauses, and nothing of them is kept."""

import tracemalloc

import numpy as np
import pytest

from tests.support.speech import RATE_HZ, noise, speech_samples
from wyoming_funasr.audio.frontend import Frontend
from wyoming_funasr.audio.vad import SileroVoiceActivity
from wyoming_funasr.recognition.types import FbankSettings
from wyoming_funasr.recordings.cutting import Cutter, Stretch

LONGEST_MS = 20_000


@pytest.fixture(scope="module")
def frontend() -> Frontend:
    return Frontend(FbankSettings(), SileroVoiceActivity(), LONGEST_MS)


def cut(frontend: Frontend, samples: np.ndarray, piece: int = 1 << 18) -> list[Stretch]:
    cutter = Cutter(frontend.open, LONGEST_MS)
    stretches: list[Stretch] = []
    for at in range(0, len(samples), piece):
        stretches += cutter.take(samples[at : at + piece])
    stretches += cutter.finish()
    assert cutter.seconds == len(samples) / RATE_HZ
    return stretches


def silence(seconds: float) -> np.ndarray:
    return noise(seconds, 0.0005)


def test_sentences_with_pauses_are_stretches_with_their_times(frontend: Frontend) -> None:
    speech = speech_samples()
    starts = [2.0, 7.5, 20.0]
    recording = silence(26)
    for start in starts:
        at = int(start * RATE_HZ)
        recording[at : at + len(speech)] = speech
    [alone] = cut(frontend, speech)
    stretches = cut(frontend, recording)
    assert len(stretches) == 3
    for start, one in zip(starts, stretches, strict=True):
        assert one.start_ms == pytest.approx(start * 1000 + alone.start_ms, abs=100)
        assert one.end_ms == pytest.approx(start * 1000 + alone.end_ms, abs=100)
        assert all(one.start_ms - 250 <= part.start_ms <= one.end_ms for part in one.segments)


def test_the_cuts_do_not_depend_on_the_pieces(frontend: Frontend) -> None:
    recording = np.concatenate([silence(1), speech_samples(), silence(6), speech_samples()])
    times = [
        [(one.start_ms, one.end_ms) for one in cut(frontend, recording, piece)]
        for piece in (1 << 18, 16_000, 777)
    ]
    assert len(times[0]) == 2
    assert times[0] == times[1] == times[2]


def test_speech_without_pauses_is_cut_at_the_limit(frontend: Frontend) -> None:
    speech = speech_samples()
    [alone] = cut(frontend, speech)
    voiced = speech[alone.start_ms * 16 : alone.end_ms * 16]
    stretches = cut(frontend, np.tile(voiced, 40))
    assert len(stretches) > 2
    assert all(one.end_ms - one.start_ms <= LONGEST_MS for one in stretches)
    assert all(part.seconds <= LONGEST_MS / 1000 for one in stretches for part in one.segments)


@pytest.mark.parametrize("seconds", [0, 0.01, 3, 31])
def test_silence_has_no_stretches(frontend: Frontend, seconds: float) -> None:
    assert cut(frontend, silence(seconds)) == []


def test_what_it_holds_does_not_grow_with_the_recording(frontend: Frontend) -> None:
    half_a_minute = np.tile(np.concatenate([speech_samples(), silence(8)]), 3)
    cutter = Cutter(frontend.open, LONGEST_MS)
    held = []
    tracemalloc.start()
    for _ in range(4):
        assert len(list(cutter.take(half_a_minute))) >= 2
        held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert max(held) - held[0] < 2 << 20
