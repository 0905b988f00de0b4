"""What a GPU computes in float16, on the CPU: as in float32, and on one device."""

import contextlib
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.support.engines import TORCH_FLOAT32, features
from tests.support.speech import DATA
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.sense_voice import Query, SenseVoice
from wyoming_funasr.engines.torch import punctuation, sense_voice
from wyoming_funasr.engines.torch.paraformer import ParaformerTorch
from wyoming_funasr.engines.torch.sense_voice import SenseVoiceTorch
from wyoming_funasr.files import read_audio
from wyoming_funasr.models import MODELS
from wyoming_funasr.recognition.ctc import LogProbs
from wyoming_funasr.recognition.types import Features, Segment
from wyoming_serving.devices import Device

DEMO = MODELS["demo"].folder or Path()
RECORDINGS = sorted(DATA.rglob("*_??.wav"))
HALF = Device("cpu", "float16", "CPU, float16")
ROWS_OF_30_S = 500


def speech(rows: int) -> Features:
    return np.random.default_rng(rows).normal(size=(rows, 560)).astype(np.float32)


def test_the_demo_model_reads_every_recording_as_in_float32() -> None:
    folder = ModelFolder(DEMO)
    networks = [SenseVoiceTorch(DEMO, device) for device in (TORCH_FLOAT32, HALF)]
    full, half = (SenseVoice(folder, network) for network in networks)
    segments = [Segment(features(full, read_audio(file))) for file in RECORDINGS]
    assert len(segments) >= 10
    texts = [one.text for one in full.recognize(segments)]
    assert [one.text for one in half.recognize(segments)] == texts


def test_log_posteriors_of_long_speech_are_close(tiny_sense_voice: Path) -> None:
    batch = [Query(speech(ROWS_OF_30_S), 3, 15), Query(speech(20), 0, 14)]
    networks = [SenseVoiceTorch(tiny_sense_voice, device) for device in (TORCH_FLOAT32, HALF)]
    for full, half in zip(*(network.log_probs(batch) for network in networks), strict=True):
        np.testing.assert_allclose(half, full, atol=0.02)


@pytest.mark.parametrize("name", ["tiny_paraformer", "tiny_seaco"])
def test_paraformer_is_close(name: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(name)
    batch = [speech(ROWS_OF_30_S), speech(30)]
    full, half = (
        ParaformerTorch(folder, device).decode(batch, ((5, 6),)) for device in (TORCH_FLOAT32, HALF)
    )
    for one, other in zip(full, half, strict=True):
        np.testing.assert_allclose(other.log_probs, one.log_probs, atol=0.1)


def test_ct_punc_sets_the_same_marks(tiny_ct_punc: Path) -> None:
    words = np.random.default_rng(0).integers(1, 25, 100).tolist()
    full, half = (
        punctuation.PunctuationTorch(tiny_ct_punc, device).marks(words)
        for device in (TORCH_FLOAT32, HALF)
    )
    assert full == half


def test_sense_voice_computes_on_its_device_alone(
    tiny_sense_voice: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On torch's device without values, an operation fails that takes in a tensor of the CPU."""
    found: list[torch.Tensor] = []

    def to_host(tensor: torch.Tensor) -> LogProbs:
        found.append(tensor)
        return np.zeros(tuple(tensor.shape), np.float32)

    monkeypatch.setattr(sense_voice, "to_host", to_host)
    monkeypatch.setattr(sense_voice, "precision", lambda _: contextlib.nullcontext())
    network = SenseVoiceTorch(tiny_sense_voice, Device("meta", "float32", ""))
    answers = list(network.log_probs([Query(speech(30), 3, 15), Query(speech(20), 3, 15)]))
    assert [len(one) for one in answers] == [34, 24]
    assert [one.device.type for one in found] == ["meta"]
