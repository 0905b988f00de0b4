"""fsmn-vad: torch's posteriors, and the same speech however its audio was split."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.support.engines import TORCH_FLOAT32
from tests.support.speech import RATE_HZ, noise, speech_samples
from wyoming_funasr.engines.base import Place
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.fsmn_vad import Caches, FsmnVoiceActivity, WindowTracker
from wyoming_funasr.engines.onnx.fsmn_vad import FsmnOnnx, load
from wyoming_funasr.engines.torch import components
from wyoming_funasr.recognition.types import Features

MODULES = (
    "funasr.models.fsmn_vad_streaming.model",
    "funasr.models.fsmn_vad_streaming.encoder",
    "funasr.frontends.wav_frontend",
)


@pytest.mark.parametrize("rows", [1, 7, 200])
def test_posteriors_are_those_of_torch(tiny_fsmn_vad: Path, float32: Place, rows: int) -> None:
    values = np.random.default_rng(0).normal(size=(rows, 400)).astype(np.float32)
    encoder = components.build(tiny_fsmn_vad, MODULES, TORCH_FLOAT32).model.encoder
    with torch.inference_mode():
        expected = encoder(torch.from_numpy(values[None]), cache={})[0].numpy()
    network = FsmnOnnx(ModelFolder(tiny_fsmn_vad), float32)
    whole, _ = network.posteriors(values, network.start())
    np.testing.assert_allclose(whole, expected, atol=1e-4)
    caches, parts = network.start(), []
    for row in values:
        found, caches = network.posteriors(row[None], caches)
        parts.append(found)
    np.testing.assert_allclose(np.concatenate(parts), expected, atol=1e-4)


class Loudness:
    """Stands in for a trained network: a row is silence where its bands are quiet."""

    def start(self) -> Caches:
        return []

    def posteriors(self, rows: Features, caches: Caches) -> tuple[np.ndarray, Caches]:
        silence = (rows.mean(axis=1) < -1.0).astype(np.float32)
        return np.stack([silence, 1 - silence], axis=1), caches


@pytest.mark.parametrize("size", [160, 500, 5_000, 10**6])
def test_speech_does_not_depend_on_the_chunks(tiny_fsmn_vad: Path, size: int) -> None:
    activity = FsmnVoiceActivity(ModelFolder(tiny_fsmn_vad), Loudness())
    samples = np.concatenate((speech_samples(), noise(0.6, 1e-5), speech_samples()))
    stream, whole = activity.stream(), activity.stream()
    for at in range(0, len(samples), size):
        stream.take(samples[at : at + size], last=at + size >= len(samples))
        while stream.step():
            pass
    whole.take(samples, last=True)
    while whole.step() and whole.silence_ms < 300:
        pass
    assert whole.silence_ms == 300
    assert whole.speech_end <= len(speech_samples())
    assert whole.position < len(speech_samples()) + 0.6 * RATE_HZ
    while whole.step():
        pass
    assert stream.spans() == whole.spans()
    assert stream.position == whole.position == len(samples)
    assert len(stream.spans()) >= 2


def test_nothing_is_heard_in_audio_too_short_for_a_frame(
    tiny_fsmn_vad: Path, float32: Place
) -> None:
    stream = load(ModelFolder(tiny_fsmn_vad), float32).stream()
    stream.take(noise(0.01), last=True)
    assert not stream.step()
    assert stream.spans() == [] and stream.position == 160


@pytest.mark.parametrize(
    ("pattern", "speech", "silence"),
    [
        ("", [], 0),
        ("........", [], 0),
        ("..######", [(2, 8)], 0),
        ("..######....", [(2, 8)], 4),
        ("..##....", [], 0),
        ("..######....######", [(2, 8), (12, 18)], 0),
    ],
)
def test_windows_tell_speech_from_clicks(
    pattern: str, speech: list[tuple[int, int]], silence: int
) -> None:
    tracker = WindowTracker(4, 3, 3)
    for mark in pattern:
        tracker.push(mark == "#")
    assert tracker.speech() == speech
    assert tracker.silence == silence
