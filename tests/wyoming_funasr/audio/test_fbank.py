"""Features that are computed while audio arrives are those FunASR makes of the whole."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.support.speech import speech_samples
from wyoming_funasr.audio.fbank import HOP_SAMPLES, SILENCE, FbankStream
from wyoming_funasr.engines.features import FeatureStacker
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.torch import components, paraformer, sense_voice


def funasr_features(frontend: torch.nn.Module, samples: np.ndarray) -> np.ndarray:
    found, _ = frontend(torch.from_numpy(samples)[None], [len(samples)])
    features: np.ndarray = found[0].numpy()
    return features


@pytest.mark.parametrize("model", ["tiny_sense_voice", "tiny_seaco"])
@pytest.mark.parametrize(("start", "stop"), [(0, 400), (0, 1_360), (0, 16_000), (7_520, 40_001)])
def test_a_slice_of_the_stream_gives_funasrs_features(
    model: str, start: int, stop: int, request: pytest.FixtureRequest
) -> None:
    modules = sense_voice.MODULES if model == "tiny_sense_voice" else paraformer.MODULES
    folder: Path = request.getfixturevalue(model)
    frontend = components.create(folder, modules).frontend
    stacker = FeatureStacker(ModelFolder(folder))
    stream = FbankStream(stacker.fbank)
    samples = speech_samples()
    for at in range(0, len(samples), 777):
        stream.take(samples[at : at + 777])
    ours = stacker.features(stream.between(start, stop), fewest_frames=1)
    assert start % HOP_SAMPLES == 0
    expected = funasr_features(frontend, samples[start:stop])
    assert ours.shape == expected.shape
    assert np.abs(ours - expected).max() < 1e-3


def test_what_is_too_short_is_filled_up_with_silence(tiny_sense_voice: Path) -> None:
    frontend = components.create(tiny_sense_voice, sense_voice.MODULES).frontend
    stacker = FeatureStacker(ModelFolder(tiny_sense_voice))
    stream = FbankStream(stacker.fbank)
    stream.take(np.zeros(0, np.float32))
    nothing = stream.between(0, 16_000)
    assert nothing.shape == (0, 80)
    silence = funasr_features(frontend, np.zeros(400, np.float32))
    assert np.abs(stacker.features(nothing, fewest_frames=1) - silence).max() < 1e-3
    stream.take(np.zeros(400, np.float32))
    assert np.allclose(stream.between(0, 400), SILENCE)
