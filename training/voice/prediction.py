"""Latents as the trained text encoder and flow predict them, with the teacher's durations: what the
decoder meets when the voice speaks."""

import random
from pathlib import Path

import torch
from torch import Tensor

from training.voice.batched import encode_text, flow_to_latent
from training.voice.data import Clip
from training.voice.network import new_network
from training.voice.train_acoustic import collate, expand


class Prediction:
    """The text's side of a voice; `file` is a checkpoint of `train_acoustic`."""

    def __init__(self, file: Path) -> None:
        self._network = new_network()
        self._network.load_state_dict(torch.load(file)["network"])
        self._rng = random.Random(0)

    @torch.no_grad()
    def latent(self, clip: Clip) -> Tensor:
        """Of one clip, [rows, frames]."""
        network, one = self._network, collate([clip], self._rng)
        speaker = network.speaker(0)
        _, mean = encode_text(
            network.enc_p, one.phones, one.tones, one.languages, one.token_mask, speaker
        )
        prior = expand(mean, one.durations, one.latent.shape[-1])
        return flow_to_latent(network.flow, prior, one.frame_mask, speaker)[0].clone()
