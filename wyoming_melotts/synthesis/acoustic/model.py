"""What an acoustic model is, whichever back-end computes it: phones in, samples out.

Everything works on one sentence: arrays are [tokens, channels] or [frames, channels].
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from wyoming_melotts.synthesis.acoustic.config import AcousticConfig
from wyoming_melotts.synthesis.arrays import Floats, Ints

NoiseSource = Callable[[int, int], Floats]
"""Draws normally distributed numbers, [rows, columns]."""


MOST_FLOW_FRAMES = 2000
"""Frames, 23 s, that the flow's attention sees at once: its memory grows with their square, and is
about 120 MB for so many."""


@dataclass(frozen=True)
class Sentence:
    """One sentence as the acoustic model reads it.

    `phones`, `tones` and `languages` are ids [tokens]. `bert` is [tokens, 768], the checkpoints'
    `ja_bert`; `large_bert` is [tokens, 1024], which no published voice uses. None stands for zeros.
    """

    phones: Ints
    tones: Ints
    languages: Ints
    bert: Floats | None = None
    large_bert: Floats | None = None


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


@dataclass(frozen=True)
class EncodedText:
    """Per token: the prior's `mean` and `log_scale` [tokens, inter], and `log_durations` [tokens]
    in frames."""

    mean: Floats
    log_scale: Floats
    log_durations: Floats


@dataclass(frozen=True)
class Latent:
    """A sentence before it is decoded: `values` [frames, inter], of which token i lasts
    `durations[i]` frames."""

    values: Floats
    durations: Ints


class DecoderStream(Protocol):
    """Decodes the latent of one sentence chunk by chunk."""

    def push(self, latent: Floats, *, last: bool) -> Floats:
        """The samples [samples] that a chunk [frames, inter] completes, perhaps none.

        A sample leaves as soon as the `context_frames` after its own frame have been pushed. The
        first chunk must be the last, too, or hold at least `context_frames`.
        """


class AcousticModel(Protocol):
    """A checkpoint in memory."""

    @property
    def config(self) -> AcousticConfig:
        """What its `config.json` says."""

    def encode(
        self, sentence: Sentence, speaker: int, noise: Floats, sdp_ratio: float
    ) -> EncodedText:
        """Encode the text and predict durations from `noise` [tokens, 2]."""

    def flow(self, prior: Floats, speaker: int) -> Floats:
        """Prior sample [frames, inter] to latent [frames, inter]."""

    def decoder_stream(self, speaker: int) -> DecoderStream:
        """Start to decode a sentence."""


def seeded_noise(seed: int | None) -> NoiseSource:
    """Noise for one text: the same for a seed, whatever was spoken before and on every device."""
    generator = np.random.default_rng(seed)

    def draw(rows: int, columns: int) -> Floats:
        return generator.standard_normal((rows, columns), np.float32)

    return draw


def sample_latent(
    model: AcousticModel, sentence: Sentence, speaker: int, prosody: Prosody, noise: NoiseSource
) -> Latent:
    """Draw the latent of a sentence; numbers are drawn in upstream's order and memory layout."""
    tokens = len(sentence.phones)
    duration_noise = noise(2, tokens).T * np.float32(prosody.noise_scale_w)
    encoded = model.encode(sentence, speaker, duration_noise, prosody.sdp_ratio)
    durations = frame_counts(encoded.log_durations, prosody.speed)
    prior = sample_prior(encoded, durations, prosody.noise_scale, noise)
    parts = np.split(prior, _cuts(durations))
    return Latent(np.concatenate([model.flow(part, speaker) for part in parts]), durations)


def _cuts(durations: Ints) -> list[int]:
    """Where a sentence of more than MOST_FLOW_FRAMES is cut: between tokens where that is
    possible, into parts of about the same length."""
    ends = durations.cumsum()
    total = int(ends[-1])
    longest = -(-total // -(-total // MOST_FLOW_FRAMES))
    cuts: list[int] = []
    start = 0
    while start + longest < total:
        between = ends[(ends > start) & (ends <= start + longest)]
        start = int(between[-1]) if len(between) else start + longest
        cuts.append(start)
    return cuts


def frame_counts(log_durations: Floats, speed: float) -> Ints:
    """Whole frames [tokens] that each token lasts."""
    return np.ceil(np.exp(log_durations) / np.float32(speed)).astype(np.int64)


def sample_prior(
    encoded: EncodedText, durations: Ints, noise_scale: float, noise: NoiseSource
) -> Floats:
    """Draw the latent's prior [frames, inter] with each token repeated as `durations` says."""
    mean = encoded.mean.repeat(durations, axis=0)
    spread = np.exp(encoded.log_scale).repeat(durations, axis=0)
    prior: Floats = mean + noise(*mean.shape) * spread * np.float32(noise_scale)
    return prior
