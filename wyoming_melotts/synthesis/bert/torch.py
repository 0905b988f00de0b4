"""BERT features: for each token of the acoustic model, what a language model knows of its word.

Only what is needed of BERT (Devlin et al. 2019): the embeddings and the layers below the state
that upstream takes, the third from the end. Attribute names are those of published weights.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wyoming_melotts.frontends.tokenizers import BertTokenizer, load_tokenizer
from wyoming_melotts.synthesis.acoustic.config import VoiceFileError
from wyoming_serving.devices import Device
from wyoming_serving.torch.int8 import quantize_linear_layers

UNUSED_LAYERS = 2
"""The features are the hidden state before the last two layers, `hidden_states[-3]`."""

_WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")


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


class SelfAttention(nn.Module):
    """Multi-head self-attention of one layer."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        size = config.hidden_size
        self.n_heads = config.num_attention_heads
        self.self = nn.ModuleDict({name: nn.Linear(size, size) for name in _PROJECTIONS})
        self.output = ResidualProjection(size, size, config.layer_norm_eps)

    def forward(self, x: Tensor) -> Tensor:
        """[tokens, channels] to the same shape."""
        query, key, value = (
            self.self[name](x).view(len(x), self.n_heads, -1).transpose(0, 1)
            for name in _PROJECTIONS
        )
        mixed = F.scaled_dot_product_attention(query, key, value)
        result: Tensor = self.output(mixed.transpose(0, 1).flatten(1), x)
        return result


_PROJECTIONS = ("query", "key", "value")


class ResidualProjection(nn.Module):
    """A linear layer whose output is added to an earlier state and normalized."""

    def __init__(self, in_size: int, size: int, eps: float) -> None:
        super().__init__()
        self.dense = nn.Linear(in_size, size)
        self.LayerNorm = nn.LayerNorm(size, eps)

    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        normalized: Tensor = self.LayerNorm(self.dense(x) + residual)
        return normalized


class Layer(nn.Module):
    """Attention, then a feed-forward network."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.attention = SelfAttention(config)
        self.intermediate = nn.ModuleDict(
            {"dense": nn.Linear(config.hidden_size, config.intermediate_size)}
        )
        self.output = ResidualProjection(
            config.intermediate_size, config.hidden_size, config.layer_norm_eps
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.attention(x)
        result: Tensor = self.output(F.gelu(self.intermediate["dense"](x)), x)
        return result


class Embeddings(nn.Module):
    """Words plus positions plus the first segment."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        size = config.hidden_size
        self.word_embeddings = nn.Embedding(config.vocab_size, size)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, size)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, size)
        self.LayerNorm = nn.LayerNorm(size, config.layer_norm_eps)

    def forward(self, ids: Tensor) -> Tensor:
        summed = self.word_embeddings(ids) + self.position_embeddings.weight[: len(ids)]
        normalized: Tensor = self.LayerNorm(summed + self.token_type_embeddings.weight[0])
        return normalized


class Bert(nn.Module):
    """The lower layers of a BERT model, up to the state that MeloTTS reads."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.config = config
        self.embeddings = Embeddings(config)
        layers = range(config.num_hidden_layers - UNUSED_LAYERS)
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(Layer(config) for _ in layers)})

    @classmethod
    def load(cls, folder: Path) -> "Bert":
        """Read `config.json` and the weights of a published BERT, onto the CPU.

        Raises:
            VoiceFileError: a file is missing or does not fit.
        """
        with torch.device("meta"):
            model = cls(BertConfig.read(folder / "config.json"))
        state = _read_weights(folder)
        wanted = model.state_dict()
        lacking = [name for name in wanted if name not in state]
        if lacking:
            raise VoiceFileError(f"{folder}: the BERT weights lack {lacking[0]}")
        try:
            model.load_state_dict({name: state[name].float() for name in wanted}, assign=True)
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:200]
            raise VoiceFileError(f"{folder}: weights do not fit config.json: {reason}") from None
        return model.eval().requires_grad_(False)

    @torch.inference_mode()
    def forward(self, ids: Tensor) -> Tensor:
        """Ids [tokens] to features [tokens, hidden]; a text over the position table goes in
        parts that do not see each other."""
        parts = torch.split(ids, self.config.max_position_embeddings)
        return torch.cat([self._encode(part) for part in parts])

    def _encode(self, ids: Tensor) -> Tensor:
        x: Tensor = self.embeddings(ids)
        layers = self.encoder["layer"]
        assert isinstance(layers, nn.ModuleList)
        for layer in layers:
            x = layer(x)
        return x


class BertFeatures:
    """A BERT with its tokenizer, on a device; shared by the voices that were trained with it."""

    def __init__(self, bert: Bert, tokenizer: BertTokenizer, device: Device) -> None:
        """The model is float32 on a CPU or int8 in its linear layers, or float16 on CUDA."""
        if device.precision == "int8":
            quantize_linear_layers(bert)
        dtype = torch.float16 if device.precision == "float16" else torch.float32
        self.tokenizer = tokenizer
        self._device = device.torch_name
        self._bert = bert.to(device.torch_name, dtype)

    @classmethod
    def load(cls, folder: Path, language_key: str, device: Device) -> "BertFeatures":
        """Read the folder of a published BERT.

        Raises:
            VoiceFileError: a file is missing or does not fit.
        """
        try:
            tokenizer = load_tokenizer(folder, language_key)
        except (OSError, ValueError, KeyError) as error:
            raise VoiceFileError(f"{folder}: the tokenizer cannot be read ({error})") from None
        return cls(Bert.load(folder), tokenizer, device)

    def features(self, norm_text: str, word2ph: list[int]) -> Tensor:
        """The features [channels, sum of word2ph] of a sentence, each token's row repeated.

        `word2ph` has one entry a BERT token. As upstream, BERT tokens beyond it are ignored.
        """
        ids = torch.tensor(self.tokenizer.encode(norm_text), device=self._device)
        rows: Tensor = self._bert(ids)[: len(word2ph)].float()
        if len(rows) < len(word2ph):
            rows = F.pad(rows, (0, 0, 0, len(word2ph) - len(rows)))
        return rows.repeat_interleave(torch.tensor(word2ph, device=rows.device), dim=0).T


def _read_weights(folder: Path) -> dict[str, Tensor]:
    """The tensors of a BERT with the names of its bare model, mapped into memory."""
    path = next((folder / name for name in _WEIGHT_FILES if (folder / name).is_file()), None)
    if path is None:
        raise VoiceFileError(f"{folder} has neither {' nor '.join(_WEIGHT_FILES)}")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            tensors = load_file(path)
        else:
            tensors = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise VoiceFileError(f"{path}: cannot be read as weights ({reason})") from None
    return {_bare_name(name): tensor for name, tensor in tensors.items()}


def _bare_name(name: str) -> str:
    """Without the prefix of a model with a head, and with today's names of norm weights."""
    name = name.removeprefix("bert.")
    name = re.sub(r"\.gamma$", ".weight", name)
    return re.sub(r"\.beta$", ".bias", name)
