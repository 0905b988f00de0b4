"""The networks of text to speech on a GPU against the CPU, each part given the same input."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.melotts_random_models import TINY_BERT, write_bert
from wyoming_melotts.synthesis.acoustic.model import Sentence
from wyoming_melotts.synthesis.acoustic.torch.voice import TorchVoice
from wyoming_melotts.synthesis.bert.torch import Bert, TorchBert
from wyoming_melotts.voices import DEMO_FOLDER
from wyoming_serving.devices import Device

CPU = Device("cpu", "float32", "CPU, float32")
TOLERANCE = 0.02
"""torch convolves in TF32 on a GPU, with ten bits behind the comma."""


@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_bert_is_close(precision: str, tmp_path: Path) -> None:
    folder = write_bert(tmp_path / "bert", TINY_BERT)
    ids = np.random.default_rng(0).integers(5, 20_000, 100)
    gpu = Device("cuda:0", "float16" if precision == "float16" else "float32", "GPU")
    expected, found = (TorchBert(Bert.load(folder), device).encode(ids) for device in (CPU, gpu))
    assert np.linalg.norm(found - expected) / np.linalg.norm(expected) < TOLERANCE


def test_the_demo_voice_sounds_the_same() -> None:
    cpu, gpu = (TorchVoice.load(DEMO_FOLDER, name) for name in ("cpu", "cuda:0"))
    random = np.random.default_rng(0)
    ids = np.arange(60)
    bert = random.normal(size=(60, 768)).astype(np.float32)
    sentence = Sentence(ids % len(cpu.config.symbols), ids % cpu.config.num_tones, ids * 0, bert)
    noise = random.normal(size=(60, 2)).astype(np.float32)
    texts = [voice.encode(sentence, 0, noise, 0.2) for voice in (cpu, gpu)]
    assert _relative(texts[1].mean, texts[0].mean) < TOLERANCE
    assert np.abs(texts[1].log_durations - texts[0].log_durations).max() < TOLERANCE
    prior = random.normal(size=(200, cpu.config.inter_channels)).astype(np.float32)
    latent = cpu.flow(prior, 0)
    assert _relative(gpu.flow(prior, 0), latent) < TOLERANCE
    expected = cpu.decoder_stream(0).push(latent, last=True)
    assert _relative(gpu.decoder_stream(0).push(latent, last=True), expected) < 0.05


def test_chunks_join_to_the_whole() -> None:
    voice = TorchVoice.load(DEMO_FOLDER, "cuda:0")
    random = np.random.default_rng(1)
    latent = random.standard_normal((200, voice.config.inter_channels), np.float32)
    whole = voice.decoder_stream(0).push(latent, last=True)
    stream = voice.decoder_stream(0)
    parts = [stream.push(latent[:100], last=False), stream.push(latent[100:], last=True)]
    assert _relative(np.concatenate(parts), whole) < TOLERANCE


def _relative(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))
