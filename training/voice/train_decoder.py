"""Train the decoder as a vocoder: log-mel latents to samples.

By spectral losses alone. With `--latents` it learns from the latents that the trained text encoder
and flow predict, which are smoother than true ones.
Resumes where it stopped; new shards of the corpus are taken up as they appear.
"""

import argparse
import random
import time
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from training.voice.batched import decode
from training.voice.data import load_clips
from training.voice.network import new_network
from training.voice.synthesize import HOP_LENGTH, RATE_HZ
from wyoming_melotts.synthesis.acoustic.torch.synthesizer import Synthesizer

_BATCH = 12
_FRAMES = 40
_EDGE_FRAMES = 3
"""Cut off at both ends before the losses: there the segment lacks its context."""

_RESOLUTIONS = (2048, 1024, 512, 256, 128)
_LEAST_SIZE_OF_HARMONICS = 1024
_MOST_HZ_OF_HARMONICS = 2000
_HARMONICS_WEIGHT = 3
_LATENT_NOISE = 0.1
_SAVE_SECONDS = 120

Pair = tuple[Tensor, Tensor]
"""A latent [bands, frames] and its samples [frames * HOP_LENGTH]."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="checkpoint to write and resume")
    parser.add_argument("--latents", type=Path, help="predicted latents by `predict_latents`")
    parser.add_argument("--minutes", type=float, required=True, help="of training, in all")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    DecoderTraining(given).run()


class DecoderTraining:
    """The decoder, its optimizer and the clock."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.network: Synthesizer = new_network()
        self.decoder = self.network.dec
        self.optimizer = torch.optim.AdamW(self.decoder.parameters(), 1e-3, (0.8, 0.98))
        self.step, self.seconds = 0, 0.0
        if given.output.exists():
            state = torch.load(given.output)
            self.decoder.load_state_dict(state["decoder"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step, self.seconds = state["step"], state["seconds"]
        self.pairs: list[Pair] = []
        self.shards = 0

    def run(self) -> None:
        """Train for the minutes given."""
        rng, saved, total = random.Random(self.step), time.monotonic(), 0.0
        last = time.monotonic()
        while self.seconds < self.given.minutes * 60:
            if not self.pairs or (self.step % 400 == 0 and not self.given.latents):
                self._take_up_new_clips()
            progress = self.seconds / (self.given.minutes * 60)
            for group in self.optimizer.param_groups:
                group["lr"] = 1e-3 * min(1.0, (self.step + 1) / 100) * (1 - 0.9 * progress)
            total += self._train_step(_batch(self.pairs, rng))
            self.step += 1
            now = time.monotonic()
            # a process that was stopped for a while has not trained meanwhile
            self.seconds, last = self.seconds + min(now - last, 10.0), now
            if self.step % 50 == 0:
                print(f"{self.step} {self.seconds / 60:.1f} min: {total / 50:.3f}", flush=True)
                total = 0.0
            if now - saved > _SAVE_SECONDS:
                self._save()
                saved = now
        self._save()

    def _train_step(self, batch: Pair) -> float:
        latent, target = batch
        latent = latent + torch.randn_like(latent) * _LATENT_NOISE
        made = decode(self.decoder, latent, self.network.speaker(0).detach())
        loss = spectral_loss(_inner(made), _inner(target))
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.decoder.parameters(), 5.0)
        self.optimizer.step()
        return float(loss.detach())

    def _take_up_new_clips(self) -> None:
        if self.given.latents:
            self.pairs = [tuple(pair) for pair in torch.load(self.given.latents)]
            return
        shards = len(list(self.given.corpus.glob("train-*.npz")))
        new = load_clips(self.given.corpus, known=self.shards)
        self.shards = shards
        self.pairs += [(clip.latent, clip.samples) for clip in new]
        print(f"{len(self.pairs)} clips", flush=True)

    def _save(self) -> None:
        state = {
            "decoder": self.decoder.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
        }
        partial = self.given.output.with_suffix(".partial")
        torch.save(state, partial)
        partial.rename(self.given.output)


def spectral_loss(made: Tensor, target: Tensor) -> Tensor:
    """How far spectrograms are apart at several resolutions, [batch, samples] each.

    Where the windows are long enough to show harmonics, those count more: a decoder that is given
    the same latent for a while tends to a pitch that is a multiple of the frame rate.
    """
    total = made.new_zeros(())
    for size in _RESOLUTIONS:
        window = torch.hann_window(size)
        pair = torch.cat((made, target))
        spectra = torch.stft(pair, size, size // 4, window=window, return_complex=True)
        power = spectra.real.square() + spectra.imag.square()
        magnitude = (power + 1e-8).sqrt() / size**0.5
        ours, theirs = magnitude.chunk(2)
        our_logs, their_logs = torch.log(magnitude + 1e-3).chunk(2)
        total = total + F.l1_loss(our_logs, their_logs) + 5 * F.l1_loss(ours, theirs)
        if size >= _LEAST_SIZE_OF_HARMONICS:
            low = size * _MOST_HZ_OF_HARMONICS // RATE_HZ
            total = total + _HARMONICS_WEIGHT * F.l1_loss(our_logs[:, :low], their_logs[:, :low])
    return total / len(_RESOLUTIONS)


def _inner(samples: Tensor) -> Tensor:
    edge = _EDGE_FRAMES * HOP_LENGTH
    return samples[:, edge:-edge]


def _batch(pairs: list[Pair], rng: random.Random) -> Pair:
    latents: list[Tensor] = []
    samples: list[Tensor] = []
    while len(latents) < _BATCH:
        latent, whole = rng.choice(pairs)
        if latent.shape[1] < _FRAMES:
            continue
        start = rng.randint(0, latent.shape[1] - _FRAMES)
        latents.append(latent[:, start : start + _FRAMES])
        samples.append(whole[start * HOP_LENGTH : (start + _FRAMES) * HOP_LENGTH])
    return torch.stack(latents), torch.stack(samples)


if __name__ == "__main__":
    main()
