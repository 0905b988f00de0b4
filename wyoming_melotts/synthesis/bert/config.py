"""A BERT's `config.json`."""

import json
from dataclasses import dataclass
from pathlib import Path

from wyoming_melotts.synthesis.acoustic.config import VoiceFileError

_UNUSED_LAYERS = 2
"""The features are the hidden state before the last two layers, `hidden_states[-3]`."""


@dataclass(frozen=True)
class BertConfig:
    """The entries of a BERT `config.json` that features depend on."""

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int
    type_vocab_size: int
    layer_norm_eps: float = 1e-12

    @property
    def used_layers(self) -> int:
        """How many layers there are below the state that MeloTTS reads."""
        return self.num_hidden_layers - _UNUSED_LAYERS

    @classmethod
    def read(cls, path: Path) -> "BertConfig":
        """Read a `config.json`.

        Raises:
            VoiceFileError: it cannot be read or lacks an entry.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            return cls(**{key: content[key] for key in cls.__dataclass_fields__ if key in content})
        except (OSError, ValueError, TypeError) as error:
            raise VoiceFileError(f"{path}: is not a BERT configuration ({error})") from None
