"""Parts of a voice of random weights, small enough to make in a moment."""

from pathlib import Path

import torch
from torch import Tensor

from benchmarks.melotts_random_models import TINY_SIZE, write_voice
from wyoming_melotts.synthesis.acoustic.config import AcousticConfig
from wyoming_melotts.synthesis.acoustic.torch.decoder import Decoder
from wyoming_melotts.synthesis.acoustic.torch.text_encoder import TextInputs

TINY_CONFIG = AcousticConfig.from_json(TINY_SIZE)


def make_voice(folder: Path, speakers: dict[str, int] | None = None) -> Path:
    """A voice that uses no BERT; gives its folder."""
    data = TINY_SIZE["data"] | ({"spk2id": speakers} if speakers else {})
    return write_voice(folder, TINY_SIZE | {"data": data})


def tiny_decoder(frames: int) -> tuple[Decoder, Tensor, Tensor]:
    """A decoder of random weights, a latent of so many frames, and a speaker."""
    torch.manual_seed(0)
    decoder = Decoder(TINY_CONFIG).requires_grad_(False)
    decoder.use_channels_last()
    latent = torch.randn(1, TINY_CONFIG.inter_channels, frames)
    return decoder, latent, torch.randn(1, TINY_CONFIG.gin_channels, 1)


def sentence(tokens: int) -> TextInputs:
    """Some ids."""
    ids = torch.arange(tokens)
    return TextInputs(ids % len(TINY_CONFIG.symbols), ids % 16, torch.full((tokens,), 2))
