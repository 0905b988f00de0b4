"""Phones with tones, languages and BERT features become hidden states and the latent's prior."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from wyoming_melotts.synthesis.acoustic.config import AcousticConfig
from wyoming_melotts.synthesis.acoustic.fixed_sizes import BERT_CHANNELS, LARGE_BERT_CHANNELS
from wyoming_melotts.synthesis.acoustic.torch.attention import Encoder


@dataclass(frozen=True)
class TextInputs:
    """One sentence as the acoustic model reads it.

    `phone_ids`, `tone_ids`, `language_ids` are int64 [tokens]. `bert` is float [768, tokens], the
    checkpoints' `ja_bert`; `large_bert` is float [1024, tokens], which no published voice uses.
    None stands for zeros.
    """

    phone_ids: Tensor
    tone_ids: Tensor
    language_ids: Tensor
    bert: Tensor | None = None
    large_bert: Tensor | None = None

    def to(self, device: torch.device) -> "TextInputs":
        """The same sentence on `device`."""
        return TextInputs(
            self.phone_ids.to(device),
            self.tone_ids.to(device),
            self.language_ids.to(device),
            None if self.bert is None else self.bert.to(device),
            None if self.large_bert is None else self.large_bert.to(device),
        )


@dataclass(frozen=True)
class EncodedText:
    """Per token: `hidden` [1, hidden, tokens], prior `mean` and `log_scale` [1, inter, tokens]."""

    hidden: Tensor
    mean: Tensor
    log_scale: Tensor


class TextEncoder(nn.Module):
    """Sums the embeddings of a sentence and encodes them."""

    def __init__(self, config: AcousticConfig) -> None:
        super().__init__()
        channels = config.hidden_channels
        self.emb = nn.Embedding(len(config.symbols), channels)
        self.tone_emb = nn.Embedding(config.num_tones, channels)
        self.language_emb = nn.Embedding(config.num_languages, channels)
        self.bert_proj = nn.Conv1d(LARGE_BERT_CHANNELS, channels, 1)
        self.ja_bert_proj = nn.Conv1d(BERT_CHANNELS, channels, 1)
        self.encoder = Encoder(
            channels,
            config.filter_channels,
            config.n_heads,
            config.n_layers,
            config.kernel_size,
            config.gin_channels,
        )
        self.proj = nn.Conv1d(channels, 2 * config.inter_channels, 1)

    def forward(self, inputs: TextInputs, speaker: Tensor) -> EncodedText:
        embedded = (
            self.emb(inputs.phone_ids)
            + self.tone_emb(inputs.tone_ids)
            + self.language_emb(inputs.language_ids)
        ).T
        embedded = embedded + _project(self.bert_proj, inputs.large_bert)
        embedded = embedded + _project(self.ja_bert_proj, inputs.bert)
        x = (embedded * math.sqrt(len(embedded))).unsqueeze(0)
        hidden = self.encoder(x, speaker)
        mean, log_scale = self.proj(hidden).chunk(2, dim=1)
        return EncodedText(hidden, mean, log_scale)


def _project(projection: nn.Conv1d, features: Tensor | None) -> Tensor:
    """Project [channels, tokens]; zeros leave only the bias."""
    if features is None:
        assert projection.bias is not None
        return projection.bias.unsqueeze(-1)
    projected = projection(features)
    assert isinstance(projected, Tensor)
    return projected
