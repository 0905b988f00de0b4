"""MeloTTS computed as upstream does, to see what our way gains.

Each piece is spoken whole, BERT in float32 with all twelve layers and its language-model head,
one-dimensional convolutions with live weight norm, and nothing leaves before everything is done. It
runs in this project's modules (with `WholeSentenceDecoder` below), since upstream's package does
not install beside current libraries; text front-end and embeddings are the same on both sides.
"""

import asyncio
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.measurement import Found
from benchmarks.melotts_random_models import BERT_BASE_MULTILINGUAL
from benchmarks.server_process import Server
from benchmarks.wyoming_client import listen
from wyoming_melotts.frontends.tokenizers import load_tokenizer
from wyoming_melotts.synthesis.acoustic.config import AcousticConfig
from wyoming_melotts.synthesis.acoustic.model import (
    NoiseSource,
    Prosody,
    Sentence,
    sample_latent,
    seeded_noise,
)
from wyoming_melotts.synthesis.acoustic.torch.synthesizer import Synthesizer
from wyoming_melotts.synthesis.acoustic.torch.voice import TorchVoice
from wyoming_melotts.synthesis.bert.torch import Embeddings, Layer
from wyoming_melotts.synthesis.engine import make_reader
from wyoming_melotts.synthesis.ids import token_ids
from wyoming_melotts.synthesis.speech import SpeechOptions
from wyoming_melotts.synthesis.symbols import LANGUAGE_CODES
from wyoming_melotts.voices import LANGUAGES

_SPEAKER = 1

SENTENCES = {
    "short (10)": "客厅的灯已经打开了。",
    "usual (25)": "现在室外的温度是二十六度，湿度百分之四十五，无雨。",
    "long (60)": "今天白天多云转晴，最高气温二十八度，最低气温十九度，东南风三到四级，"
    "空气质量良好，适合开窗通风和户外活动，傍晚以后可能有小雨。",
}
"""With their characters."""


@dataclass(frozen=True)
class Timing:
    """One answer."""

    first_audio_s: float
    total_s: float
    audio_s: float
    cpu_s: float


async def against_upstream(server: Server, voices: Path, text: str, repeats: int) -> Found:
    """Our server, asked in both ways, and upstream's take turns; a first round does not count."""
    upstream = await asyncio.to_thread(_upstreams_way, voices)
    timings: dict[str, list[Timing]] = {"whole": [], "streaming": [], "upstream": []}
    for _ in range(repeats + 1):
        timings["whole"].append(await _ask(server, text, streaming=False))
        timings["streaming"].append(await _ask(server, text, streaming=True))
        timings["upstream"].append(await asyncio.to_thread(upstream.speak, text))
    return {"requests": repeats, **{way: _columns(taken[1:]) for way, taken in timings.items()}}


async def _ask(server: Server, text: str, *, streaming: bool) -> Timing:
    cpu_before_s = server.usage().cpu_s
    spoken = await listen(server.port, text, streaming=streaming)
    cpu_s = server.usage().cpu_s - cpu_before_s
    return Timing(spoken.first_audio_s, spoken.total_s, spoken.audio_s, cpu_s)


def _columns(taken: Sequence[Timing]) -> dict[str, list[float]]:
    return {
        "first_audio_ms": [round(one.first_audio_s * 1000, 1) for one in taken],
        "real_time_factor": [round(one.total_s / one.audio_s, 3) for one in taken],
        "cpu_s_per_audio_s": [round(one.cpu_s / one.audio_s, 3) for one in taken],
    }


@lru_cache(maxsize=1)
def _upstreams_way(voices: Path) -> "UpstreamsWay":
    return UpstreamsWay(voices)


class WholeSentenceDecoder(nn.Module):
    """HiFi-GAN as upstream runs it: one-dimensional, weight norm computed at every call."""

    def __init__(self, config: AcousticConfig) -> None:
        super().__init__()
        width = config.upsample_initial_channel
        self.pre = nn.Conv1d(config.inter_channels, width, 7, padding=3)
        self.cond = nn.Conv1d(config.gin_channels, width, 1)
        self.stages = nn.ModuleList()
        for rate, kernel in zip(config.upsample_rates, config.upsample_kernel_sizes, strict=True):
            up = _weight_norm(
                nn.ConvTranspose1d(width, width // 2, kernel, rate, (kernel - rate) // 2)
            )
            width //= 2
            blocks = nn.ModuleList(
                nn.ModuleList(
                    _weight_norm(nn.Conv1d(width, width, size, dilation=d, padding=size // 2 * d))
                    for dilation in dilations
                    for d in (dilation, 1)
                )
                for size, dilations in zip(
                    config.resblock_kernel_sizes, config.resblock_dilation_sizes, strict=True
                )
            )
            self.stages.append(nn.ModuleList([up, blocks]))
        self.post = nn.Conv1d(width, 1, 7, padding=3, bias=False)

    def forward(self, latent: Tensor, speaker: Tensor) -> Tensor:
        x = self.pre(latent) + self.cond(speaker)
        for stage in self.stages:
            assert isinstance(stage, nn.ModuleList)
            up, blocks = stage
            assert isinstance(blocks, nn.ModuleList)
            x = up(F.leaky_relu(x, 0.1))
            x = torch.stack([_residual(block, x) for block in blocks]).mean(0)
        return torch.tanh(self.post(F.leaky_relu(x)))


def _weight_norm(layer: nn.Module) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return nn.utils.weight_norm(layer)


def _residual(block: nn.Module, x: Tensor) -> Tensor:
    assert isinstance(block, nn.ModuleList)
    for dilated, plain in zip(block[::2], block[1::2], strict=True):
        x = plain(F.leaky_relu(dilated(F.leaky_relu(x, 0.1)), 0.1)) + x
    return x


class WholeBert(nn.Module):
    """All layers and the language-model head, as `AutoModelForMaskedLM` computes them."""

    def __init__(self) -> None:
        super().__init__()
        config = BERT_BASE_MULTILINGUAL
        self.embeddings = Embeddings(config)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))
        self.head = nn.Linear(config.hidden_size, config.vocab_size)

    def forward(self, ids: Tensor) -> Tensor:
        states: list[Tensor] = [self.embeddings(ids)]
        for layer in self.layers:
            states.append(layer(states[-1]))
        self.head(states[-1])
        return states[-3]


class UpstreamsWay:
    """Speaks a text whole, piece after piece."""

    def __init__(self, voices: Path) -> None:
        torch.manual_seed(0)
        self._synthesizer = Synthesizer.load(voices / "ZH")
        self._voice = TorchVoice(self._synthesizer, "cpu")
        config = self._voice.config
        self._decoder = WholeSentenceDecoder(config).eval().requires_grad_(False)
        self._bert = WholeBert().eval().requires_grad_(False)
        self._tokenizer = load_tokenizer(voices / LANGUAGES["ZH"].bert.name, "ZH")
        self._reader = make_reader(LANGUAGES["ZH"], self._tokenizer, SpeechOptions())

    @torch.inference_mode()
    def speak(self, text: str) -> Timing:
        """Time one text; its first audio is its last."""
        started, cpu_before_s = time.perf_counter(), time.process_time()
        noise = seeded_noise(0)
        samples = sum(self._speak(piece, noise) for piece in self._reader.pieces(text))
        total_s = time.perf_counter() - started
        audio_s = samples / self._voice.config.sample_rate_hz
        return Timing(total_s, total_s, audio_s, time.process_time() - cpu_before_s)

    def _speak(self, piece: str, noise: NoiseSource) -> int:
        phonemes = self._reader.phonemize(piece)
        ids = token_ids(phonemes, LANGUAGE_CODES["ZH"], self._voice.config)
        rows = self._bert(torch.tensor(self._tokenizer.encode(phonemes.norm_text)))
        features = rows[: len(ids.word2ph)].numpy().repeat(ids.word2ph, axis=0)
        phones, tones, languages = map(np.array, (ids.phones, ids.tones, ids.languages))
        latent = sample_latent(
            self._voice, Sentence(phones, tones, languages, features), _SPEAKER, Prosody(), noise
        )
        values = torch.from_numpy(latent.values).T.unsqueeze(0)
        samples: Tensor = self._decoder(values, self._synthesizer.speaker(_SPEAKER))
        return samples.shape[-1]
