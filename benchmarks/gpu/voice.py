"""How long each part of MeloTTS takes for one sentence, and what larger chunks gain."""

from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.gpu import weights
from benchmarks.gpu.run import Run
from wyoming_melotts.synthesis.acoustic.decoder_shape import context_frames
from wyoming_melotts.synthesis.acoustic.model import Sentence
from wyoming_melotts.synthesis.acoustic.torch.voice import TorchVoice
from wyoming_melotts.synthesis.bert.torch import Bert, TorchBert
from wyoming_melotts.voices import LANGUAGES
from wyoming_serving.devices import Precision

_TOKENS = (20, 80, 200)
_FRAMES_PER_TOKEN = 4
_CHUNKS = (4, 16, 32, 64, 128, 256)
_PRECISIONS: tuple[Precision, ...] = ("float16", "float32")


def measure(run: Run) -> None:
    """Measure BERT, text encoder with durations, flow, and the decoder in chunks."""
    folder = weights.voices(run)
    for precision in _PRECISIONS:
        _bert(run, folder / LANGUAGES["ZH"].bert.name, precision)
    run.forget_memory()
    voice = TorchVoice.load(folder / "ZH", run.device)
    for tokens in run.of_size(_TOKENS, (20,)):
        _sentence(run, voice, tokens)
    for frames in run.of_size(_CHUNKS, (16, 32)):
        _chunks(run, voice, frames)
    run.add("memory", part="acoustic model, float32", peak_mb=run.peak_mb())


def _bert(run: Run, folder: Path, precision: Precision) -> None:
    run.forget_memory()
    bert = TorchBert(Bert.load(folder), run.place(precision))
    for tokens in run.of_size(_TOKENS, (20,)):
        ids = np.arange(tokens) + 5
        took_ms = run.milliseconds(partial(bert.encode, ids))
        run.add("parts", part=f"BERT, {precision}", tokens=tokens, ms=took_ms)
    run.add("memory", part=f"BERT, {precision}", peak_mb=run.peak_mb())


def _sentence(run: Run, voice: TorchVoice, tokens: int) -> None:
    ids = np.arange(tokens)
    random = np.random.default_rng(tokens)
    bert = random.normal(size=(tokens, 768)).astype(np.float32)
    sentence = Sentence(ids % len(voice.config.symbols), ids % 8, ids * 0, bert)
    noise = random.normal(size=(tokens, 2)).astype(np.float32)
    took_ms = run.milliseconds(lambda: voice.encode(sentence, 0, noise, 0.2))
    run.add("parts", part="text encoder and durations", tokens=tokens, ms=took_ms)
    frames = tokens * _FRAMES_PER_TOKEN
    prior = random.normal(size=(frames, voice.config.inter_channels)).astype(np.float32)
    took_ms = run.milliseconds(lambda: voice.flow(prior, 0))
    run.add("parts", part="flow", tokens=tokens, ms=took_ms)


def _chunks(run: Run, voice: TorchVoice, frames: int) -> None:
    """The chunks after the first, whose stream has its context."""
    config = voice.config
    random = np.random.default_rng(frames)
    stream = voice.decoder_stream(0)
    first = context_frames(config) + frames
    stream.push(random.normal(size=(first, config.inter_channels)).astype(np.float32), last=False)
    chunk = random.normal(size=(frames, config.inter_channels)).astype(np.float32)
    took_ms = run.milliseconds(lambda: stream.push(chunk, last=False))
    audio_ms = 1000 * frames * config.hop_length / config.sample_rate_hz
    run.add(
        "decoder",
        frames=frames,
        audio_ms=round(audio_ms, 1),
        ms=took_ms,
        real_time_factor=round(took_ms / audio_ms, 5),
    )
