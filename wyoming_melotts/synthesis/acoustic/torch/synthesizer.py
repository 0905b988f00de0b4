"""The whole acoustic model."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from wyoming_melotts.synthesis.acoustic.checkpoint import load_state, read_state
from wyoming_melotts.synthesis.acoustic.config import AcousticConfig
from wyoming_melotts.synthesis.acoustic.torch.decoder import Decoder, DecoderStream
from wyoming_melotts.synthesis.acoustic.torch.duration import (
    DurationPredictor,
    StochasticDurationPredictor,
)
from wyoming_melotts.synthesis.acoustic.torch.flow import TransformerFlow
from wyoming_melotts.synthesis.acoustic.torch.text_encoder import EncodedText, TextEncoder, TextInputs


@dataclass(frozen=True)
class Prosody:
    """How a sentence is spoken; the defaults are upstream's.

    `sdp_ratio` mixes the stochastic (1) and the deterministic (0) duration predictor;
    `noise_scale_w` and `noise_scale` are the spread of durations and of the voice.
    """

    speed: float = 1.0
    sdp_ratio: float = 0.2
    noise_scale: float = 0.6
    noise_scale_w: float = 0.8


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
        checkpoint = folder / "checkpoint.pth"
        load_state(model, _decoder_in_2d(read_state(checkpoint)), checkpoint)
        model.dec.use_channels_last()
        return model.eval().requires_grad_(False)

    def speaker(self, speaker_id: int) -> Tensor:
        """The embedding [1, gin_channels, 1] of a speaker."""
        return self.emb_g.weight[speaker_id].view(1, -1, 1)

    def decoder_stream(self, speaker: Tensor) -> DecoderStream:
        """Start to decode a sentence."""
        return DecoderStream(self.dec, speaker)

    @torch.inference_mode()
    def latent(
        self, inputs: TextInputs, speaker: Tensor, prosody: Prosody, generator: torch.Generator
    ) -> Tensor:
        """A sentence's latent [1, inter, frames].

        `generator` is on the CPU, so that a seed gives the same audio on every device; numbers
        are drawn in upstream's order and memory layout.
        """
        encoded = self.enc_p(inputs.to(speaker.device), speaker)
        log_durations = self.log_durations(encoded, speaker, prosody, generator)
        frames = frame_counts(log_durations, prosody.speed)
        prior = sample_prior(encoded, frames, prosody.noise_scale, generator)
        latent = self.flow(prior, speaker)
        assert isinstance(latent, Tensor)
        return latent

    def log_durations(
        self,
        encoded: EncodedText,
        speaker: Tensor,
        prosody: Prosody,
        generator: torch.Generator,
    ) -> Tensor:
        """Log durations [tokens], in frames."""
        hidden = encoded.hidden
        noise = torch.randn(1, 2, hidden.shape[-1], generator=generator)
        noise = noise.to(hidden.device, hidden.dtype) * prosody.noise_scale_w
        stochastic = self.sdp(hidden, speaker, noise)
        deterministic = self.dp(hidden, speaker)
        mixed: Tensor = torch.lerp(deterministic, stochastic, prosody.sdp_ratio)
        return mixed[0, 0]


def _decoder_in_2d(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Give the decoder's kernels [out, in, width] the height 1 that `Decoder` wants."""
    return {
        name: tensor.unsqueeze(2) if name.startswith("dec.") and tensor.dim() == 3 else tensor
        for name, tensor in state.items()
    }


def frame_counts(log_durations: Tensor, speed: float) -> Tensor:
    """Whole frames [tokens] that each token lasts."""
    return torch.ceil(torch.exp(log_durations) / speed).long()


def sample_prior(
    encoded: EncodedText, frames: Tensor, noise_scale: float, generator: torch.Generator
) -> Tensor:
    """Draw the latent's prior [1, inter, frames] with each token repeated as `frames` says."""
    mean = encoded.mean.repeat_interleave(frames, dim=-1)
    log_scale = encoded.log_scale.repeat_interleave(frames, dim=-1)
    # upstream draws into a [frames, channels] layout, and the order of numbers follows it
    noise = torch.empty(1, mean.shape[-1], mean.shape[1]).transpose(1, 2)
    noise.normal_(generator=generator)
    return mean + noise.to(mean) * torch.exp(log_scale) * noise_scale
