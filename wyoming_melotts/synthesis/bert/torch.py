"""The lower layers of a BERT (Devlin et al. 2019) in torch, up to the state that MeloTTS reads.

Attribute names are those of published weights.
"""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wyoming_melotts.synthesis.arrays import Floats, Ints
from wyoming_melotts.synthesis.bert.config import BertConfig
from wyoming_melotts.synthesis.bert.weights import BertWeights
from wyoming_serving.devices import Device


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
        layers = range(config.used_layers)
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(Layer(config) for _ in layers)})

    @classmethod
    def load(cls, folder: Path) -> "Bert":
        """Read `config.json` and the weights of a published BERT, onto the CPU.

        Raises:
            VoiceFileError: a file is missing or does not fit.
        """
        with torch.device("meta"):
            model = cls(BertConfig.read(folder / "config.json"))
        weights = BertWeights.open(folder)
        state = {
            name: torch.from_numpy(weights.take(name, *tensor.shape))
            for name, tensor in model.state_dict().items()
        }
        model.load_state_dict(state, assign=True)
        return model.eval().requires_grad_(False)

    def forward(self, ids: Tensor) -> Tensor:
        """Ids [tokens] to hidden states [tokens, hidden]."""
        x: Tensor = self.embeddings(ids)
        layers = self.encoder["layer"]
        assert isinstance(layers, nn.ModuleList)
        for layer in layers:
            x = layer(x)
        return x


class TorchBert:
    """A BERT on a GPU in float16 or float32, or on a CPU in float32."""

    def __init__(self, bert: Bert, device: Device) -> None:
        self.config = bert.config
        self._device = device.torch_name
        dtype = torch.float16 if device.precision == "float16" else torch.float32
        self._bert = bert.to(device.torch_name, dtype)

    @torch.inference_mode()
    def encode(self, ids: Ints) -> Floats:
        """Ids [tokens], no more than there are positions, to hidden states [tokens, hidden]."""
        states = self._bert(torch.from_numpy(ids).to(self._device))
        rows: Floats = states.float().cpu().numpy()
        return rows
