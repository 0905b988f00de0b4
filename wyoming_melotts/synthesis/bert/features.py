"""BERT features: for each token of the acoustic model, what a language model knows of its word."""

from pathlib import Path
from typing import Protocol

import numpy as np

from wyoming_melotts.frontends.tokenizers import BertTokenizer, load_tokenizer
from wyoming_melotts.synthesis.acoustic.config import VoiceFileError
from wyoming_melotts.synthesis.arrays import Floats, Ints
from wyoming_melotts.synthesis.bert.config import BertConfig


class BertNetwork(Protocol):
    """The lower layers of a BERT (Devlin et al. 2019), up to the state that MeloTTS reads."""

    @property
    def config(self) -> BertConfig:
        """What its `config.json` says."""

    def encode(self, ids: Ints) -> Floats:
        """Ids [tokens], no more than there are positions, to hidden states [tokens, hidden]."""


class BertFeatures:
    """A BERT with its tokenizer; shared by the voices that were trained with it."""

    def __init__(self, network: BertNetwork, tokenizer: BertTokenizer) -> None:
        self.tokenizer = tokenizer
        self._network = network

    def features(self, norm_text: str, word2ph: list[int]) -> Floats:
        """The features [sum of word2ph, hidden] of a sentence, each token's row repeated.

        `word2ph` has one entry a BERT token. As upstream, BERT tokens beyond it are ignored. A
        text over the position table goes in parts that do not see each other.
        """
        ids = np.array(self.tokenizer.encode(norm_text), np.int64)
        longest = self._network.config.max_position_embeddings
        parts = np.split(ids, range(longest, len(ids), longest))
        rows = np.concatenate([self._network.encode(part) for part in parts])[: len(word2ph)]
        rows = np.pad(rows, ((0, len(word2ph) - len(rows)), (0, 0)))
        return rows.repeat(word2ph, axis=0)


def read_tokenizer(folder: Path, language_key: str) -> BertTokenizer:
    """The tokenizer of a published BERT.

    Raises:
        VoiceFileError: a file is missing or does not fit.
    """
    try:
        return load_tokenizer(folder, language_key)
    except (OSError, ValueError, KeyError) as error:
        raise VoiceFileError(f"{folder}: the tokenizer cannot be read ({error})") from None
