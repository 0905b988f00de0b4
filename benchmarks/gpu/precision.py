"""float16 and float32 on the GPU against float32 on the CPU, with the demo models."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.gpu import weights
from benchmarks.gpu.run import Run
from benchmarks.utterances import commands
from wyoming_funasr.audio.fbank import FbankStream
from wyoming_funasr.engines.folder import ModelFolder
from wyoming_funasr.engines.sense_voice import NORMALIZED_QUERY, Query, SenseVoice
from wyoming_funasr.engines.torch.sense_voice import SenseVoiceTorch
from wyoming_funasr.models import MODELS
from wyoming_funasr.recognition.types import Segment
from wyoming_melotts.synthesis.acoustic.model import Sentence, frame_counts
from wyoming_melotts.synthesis.acoustic.torch.voice import TorchVoice
from wyoming_melotts.synthesis.arrays import Floats
from wyoming_melotts.synthesis.bert.torch import Bert, TorchBert
from wyoming_melotts.voices import DEMO_FOLDER, LANGUAGES
from wyoming_serving.devices import Device, Precision

CPU = Device("cpu", "float32", "CPU, float32")
_PRECISIONS: tuple[Precision, ...] = ("float32", "float16")
_TEXT_LENGTHS = (12, 60, 180)
_FRAMES = 400


def measure(run: Run) -> None:
    """Compare recognizer, BERT and voice."""
    for precision in _PRECISIONS:
        _recognizer(run, precision)
    for precision in _PRECISIONS:
        _real_size(run, precision)
    for tf32 in (True, False):
        with _tf32(tf32):
            _voice(run, tf32)


def _recognizer(run: Run, precision: Precision) -> None:
    """Texts and log posteriors of every recording."""
    path = MODELS["demo"].folder or Path()
    folder = ModelFolder(path)
    networks = [SenseVoiceTorch(path, device) for device in (CPU, run.place(precision))]
    engines = [SenseVoice(folder, network) for network in networks]
    differences, same = [], 0
    utterances = commands()
    for utterance in utterances:
        fbank = FbankStream(engines[0].fbank)
        fbank.take((utterance.samples / 32768).astype(np.float32))
        features = engines[0].features(fbank.between(0, len(utterance.samples)))
        query = Query(features, 0, NORMALIZED_QUERY)
        expected, found = (next(iter(network.log_probs([query]))) for network in networks)
        differences.append(_largest_difference(np.exp(found), np.exp(expected)))
        texts = [engine.recognize([Segment(features)])[0].text for engine in engines]
        same += texts[0] == texts[1]
        if texts[0] != texts[1]:
            run.add("other texts", precision=precision, cpu=texts[0], here=texts[1])
    run.add(
        "demo recognizer",
        precision=precision,
        recordings=len(utterances),
        same_text=same,
        largest_difference_of_posteriors=max(differences),
    )


def _real_size(run: Run, precision: Precision) -> None:
    """Random weights of real size, whose depth is where float16 would overflow."""
    folder = weights.sense_voice(run)
    random = np.random.default_rng(0)
    query = Query(random.normal(size=(167, 560)).astype(np.float32), 0, NORMALIZED_QUERY)
    expected, found = (
        next(iter(SenseVoiceTorch(folder, device).log_probs([query])))
        for device in (CPU, run.place(precision))
    )
    run.add(
        "real size",
        model="SenseVoice, 10 s",
        precision=precision,
        finite=bool(np.isfinite(found).all()),
        relative_difference=_relative(found, expected),
    )
    bert = weights.voices(run) / LANGUAGES["ZH"].bert.name
    ids = random.integers(5, 20_000, 100)
    expected, found = (
        TorchBert(Bert.load(bert), device).encode(ids) for device in (CPU, run.place(precision))
    )
    run.add(
        "real size",
        model="BERT, 100 tokens",
        precision=precision,
        finite=bool(np.isfinite(found).all()),
        relative_difference=_relative(found, expected),
    )


def _voice(run: Run, tf32: bool) -> None:
    """The demo voice's parts, each given what the CPU's part before it gives."""
    here, cpu = (TorchVoice.load(DEMO_FOLDER, name) for name in (run.device, "cpu"))
    random = np.random.default_rng(0)
    channels = cpu.config.inter_channels
    for tokens in _TEXT_LENGTHS:
        sentence = _sentence(cpu, tokens)
        noise = random.normal(size=(tokens, 2)).astype(np.float32)
        expected, found = (voice.encode(sentence, 0, noise, 0.2) for voice in (cpu, here))
        durations = [frame_counts(one.log_durations, 1.0) for one in (expected, found)]
        run.add(
            "demo voice, text",
            tf32=tf32,
            tokens=tokens,
            other_durations=int((durations[0] != durations[1]).sum()),
            mean=_largest_difference(found.mean, expected.mean),
            log_durations=_largest_difference(found.log_durations, expected.log_durations),
        )
    prior = random.normal(size=(_FRAMES, channels)).astype(np.float32)
    latent, other_latent = (voice.flow(prior, 0) for voice in (cpu, here))
    audio, other_audio = (voice.decoder_stream(0).push(latent, last=True) for voice in (cpu, here))
    noise_power = float(np.mean((other_audio - audio) ** 2)) or 1e-30
    run.add(
        "demo voice, sound",
        tf32=tf32,
        latent=_largest_difference(other_latent, latent),
        audio=_largest_difference(other_audio, audio),
        signal_to_noise_db=round(10 * np.log10(float(np.mean(audio**2)) / noise_power), 1),
    )


def _sentence(voice: TorchVoice, tokens: int) -> Sentence:
    ids = np.arange(tokens)
    plain = Sentence(ids % len(voice.config.symbols), ids % voice.config.num_tones, ids * 0)
    bert = np.random.default_rng(tokens).normal(size=(tokens, 768)).astype(np.float32)
    return replace(plain, bert=bert)


@contextmanager
def _tf32(allowed: bool) -> Iterator[None]:
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = allowed
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before


def _largest_difference(found: Floats, expected: Floats) -> float:
    return float(np.abs(found - expected).max())


def _relative(found: Floats, expected: Floats) -> float:
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))
