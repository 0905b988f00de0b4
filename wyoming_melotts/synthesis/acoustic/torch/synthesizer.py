"""The whole acoustic model."""

from pathlib import Path

import torch
from torch import Tensor, nn

from wyoming_melotts.synthesis.acoustic.config import AcousticConfig
from wyoming_melotts.synthesis.acoustic.torch.decoder import Decoder
from wyoming_melotts.synthesis.acoustic.torch.duration import (
    DurationPredictor,
    StochasticDurationPredictor,
)
from wyoming_melotts.synthesis.acoustic.torch.flow import TransformerFlow
from wyoming_melotts.synthesis.acoustic.torch.text_encoder import (
    EncodedText,
    TextEncoder,
)
from wyoming_melotts.synthesis.acoustic.weights import Weights


class Synthesizer(nn.Module):
    """Text encoder, duration predictors, flow and decoder of one checkpoint."""

    def __init__(self, config: AcousticConfig) -> None:
        super().__init__()
        self.config = config
        self.enc_p = TextEncoder(config)
        self.dp = DurationPredictor(config.hidden_channels, config.gin_channels)
        self.sdp = StochasticDurationPredictor(config.hidden_channels, config.gin_channels)
        self.flow = TransformerFlow(config)
        self.dec = Decoder(config)
        self.emb_g = nn.Embedding(config.n_speakers, config.gin_channels)

    @classmethod
    def load(cls, folder: Path) -> "Synthesizer":
        """Read `config.json` and `checkpoint.pth` of a voice, onto the CPU.

        Raises:
            VoiceFileError: one of them is not what this runtime reads.
        """
        with torch.device("meta"):
            model = cls(AcousticConfig.read(folder / "config.json"))
        weights = Weights.open(folder / "checkpoint.pth")
        state = {
            name: _take(weights, name, tensor.shape) for name, tensor in model.state_dict().items()
        }
        weights.check()
        model.load_state_dict(state, assign=True)
        model.dec.use_channels_last()
        return model.eval().requires_grad_(False)

    def speaker(self, speaker_id: int) -> Tensor:
        """The embedding [1, gin_channels, 1] of a speaker."""
        return self.emb_g.weight[speaker_id].view(1, -1, 1)

    def log_durations(
        self, encoded: EncodedText, speaker: Tensor, noise: Tensor, sdp_ratio: float
    ) -> Tensor:
        """Log durations [tokens], in frames, from noise [1, 2, tokens]."""
        stochastic = self.sdp(encoded.hidden, speaker, noise)
        deterministic = self.dp(encoded.hidden, speaker)
        mixed: Tensor = torch.lerp(deterministic, stochastic, sdp_ratio)
        return mixed[0, 0]


def _take(weights: Weights, name: str, shape: torch.Size) -> Tensor:
    """A weight; the decoder's kernels [out, in, width] get the height 1 that `Decoder` wants."""
    if name.startswith("dec.") and len(shape) == 4:
        return torch.from_numpy(weights.take(name, shape[0], shape[1], shape[3])).unsqueeze(2)
    return torch.from_numpy(weights.take(name, *shape))
