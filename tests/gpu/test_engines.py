"""The networks of speech to text on a GPU, in both precisions, against float32 on the CPU."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.random_models import (
    TINY,
    write_ct_punc,
    write_paraformer,
    write_paraformer_streaming,
    write_sense_voice,
)
from tests.support.engines import TORCH_FLOAT32, features
from tests.support.speech import DATA
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.paraformer_streaming import ParaformerStreaming
from wyoming_funasr.engines.sense_voice import Query, SenseVoice
from wyoming_funasr.engines.torch.paraformer import ParaformerTorch
from wyoming_funasr.engines.torch.paraformer_streaming import StreamingTorch
from wyoming_funasr.engines.torch.punctuation import PunctuationTorch
from wyoming_funasr.engines.torch.sense_voice import SenseVoiceTorch
from wyoming_funasr.files import read_audio
from wyoming_funasr.models import MODELS
from wyoming_funasr.recognition.types import Features, Segment
from wyoming_serving.devices import Device, choose_device

DEMO = MODELS["demo"].folder or Path()
RECORDINGS = sorted(DATA.rglob("*_??.wav"))
TOLERANCE = {"float32": 0.01, "float16": 0.1}


@pytest.fixture(params=["float32", "float16"])
def gpu(request: pytest.FixtureRequest) -> Device:
    return Device("cuda:0", request.param, f"GPU, {request.param}")


def speech(rows: int) -> Features:
    return np.random.default_rng(rows).normal(size=(rows, 560)).astype(np.float32)


def test_auto_takes_the_gpu_in_float16() -> None:
    device = choose_device("auto", "auto")
    assert (device.torch_name, device.precision) == ("cuda:0", "float16")
    assert device.description.endswith(", float16")


def test_the_demo_model_reads_every_recording_as_on_the_cpu(gpu: Device) -> None:
    folder = ModelFolder(DEMO)
    on_cpu, on_gpu = (
        SenseVoice(folder, SenseVoiceTorch(DEMO, device)) for device in (TORCH_FLOAT32, gpu)
    )
    segments = [Segment(features(on_cpu, read_audio(file))) for file in RECORDINGS]
    texts = [on_cpu.recognize([one])[0].text for one in segments]
    assert [one.text for one in on_gpu.recognize(segments)] == texts
    assert [on_gpu.recognize([one])[0].text for one in segments] == texts


def test_sense_voice_is_close_at_every_length(gpu: Device, tmp_path: Path) -> None:
    folder = write_sense_voice(tmp_path / "tiny", TINY)
    batch = [Query(speech(rows), 3, 15) for rows in (500, 1, 50)]
    answers = (SenseVoiceTorch(folder, device).log_probs(batch) for device in (TORCH_FLOAT32, gpu))
    for expected, found in zip(*answers, strict=True):
        np.testing.assert_allclose(found, expected, atol=TOLERANCE[gpu.precision])


@pytest.mark.parametrize("hotwords", [False, True])
def test_paraformer_is_close(gpu: Device, hotwords: bool, tmp_path: Path) -> None:
    folder = write_paraformer(tmp_path / "tiny", TINY, hotwords=hotwords)
    batch = [speech(300), speech(30)]
    answers = (
        ParaformerTorch(folder, device).decode(batch, ((5, 6), (9,)))
        for device in (TORCH_FLOAT32, gpu)
    )
    for expected, found in zip(*answers, strict=True):
        assert found.log_probs.shape == expected.log_probs.shape
        np.testing.assert_allclose(
            found.log_probs, expected.log_probs, atol=TOLERANCE[gpu.precision]
        )


def test_streaming_paraformer_is_close(gpu: Device, tmp_path: Path) -> None:
    folder = ModelFolder(write_paraformer_streaming(tmp_path / "tiny", TINY))
    fbank = np.random.default_rng(0).normal(size=(300, 80)).astype(np.float32)
    expected, found = (
        ParaformerStreaming(folder, StreamingTorch(folder.path, device), None).recognize(
            [Segment(fbank)]
        )[0]
        for device in (TORCH_FLOAT32, gpu)
    )
    assert found.text
    assert found.confidence == pytest.approx(expected.confidence, rel=0.05)


def test_ct_punc_sets_the_same_marks(gpu: Device, tmp_path: Path) -> None:
    folder = write_ct_punc(tmp_path / "tiny", TINY)
    words = np.random.default_rng(0).integers(1, 25, 100).tolist()
    expected, found = (
        PunctuationTorch(folder, device).marks(words) for device in (TORCH_FLOAT32, gpu)
    )
    assert np.mean(np.array(expected) == np.array(found)) > 0.95
