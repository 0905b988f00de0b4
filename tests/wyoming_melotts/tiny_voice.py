"""Parts of a voice of random weights, small enough to make in a moment."""

from pathlib import Path

import numpy as np

from benchmarks.melotts_random_models import TINY_SIZE, write_voice
from wyoming_melotts.synthesis.acoustic.config import AcousticConfig
from wyoming_melotts.synthesis.acoustic.model import Sentence

TINY_CONFIG = AcousticConfig.from_json(TINY_SIZE)


def make_voice(folder: Path, speakers: dict[str, int] | None = None) -> Path:
    """A voice that uses no BERT; gives its folder."""
    data = TINY_SIZE["data"] | ({"spk2id": speakers} if speakers else {})
    return write_voice(folder, TINY_SIZE | {"data": data})


def sentence(tokens: int) -> Sentence:
    """Some ids."""
    ids = np.arange(tokens)
    return Sentence(ids % len(TINY_CONFIG.symbols), ids % 16, np.full(tokens, 2))
