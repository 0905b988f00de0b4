"""Train the decoder as a vocoder: latents to samples.

First by spectral losses alone, then against judges that learn to tell it from the teacher. With
`--acoustic` it learns from the latents that the trained text encoder and flow predict, which are
smoother than true ones. What is exported is the moving average of the weights.
Resumes where it stopped; new shards of the corpus are taken up as they appear.
"""

import argparse
import random
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from training.voice import discriminators
from training.voice.batched import decode
from training.voice.data import Corpus
from training.voice.network import new_network
from training.voice.prediction import Prediction
from training.voice.synthesize import HOP_LENGTH, RATE_HZ
from training.voice.voice_config import LATENT_ROWS, MEL_BANDS
from wyoming_melotts.synthesis.acoustic.torch.synthesizer import Synthesizer

_BATCH = 12
_FRAMES = 40
_EDGE_FRAMES = 3
"""Cut off at both ends before the losses: there the segment lacks its context."""

_RESOLUTIONS = (2048, 1024, 512, 256, 128)
_LEAST_SIZE_OF_HARMONICS = 1024
_MOST_HZ_OF_HARMONICS = 2000
_HARMONICS_WEIGHT = 3
_LATENT_NOISE, _PITCH_NOISE = 0.1, 0.02
_RATE, _WARM_UP_STEPS = 8e-4, 100
_JUDGES_RATE = 4e-4
_REAL_WEIGHT, _FEATURES_WEIGHT = 0.2, 0.5
_AVERAGE_DECAY = 0.998
_TAKE_UP_STEPS = 400
_SAVE_SECONDS = 120

Pair = tuple[Tensor, Tensor]
"""A latent [rows, frames] and its samples [frames * HOP_LENGTH]."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="checkpoint to write and resume")
    parser.add_argument("--acoustic", type=Path, help="of train_acoustic, trained to its end")
    parser.add_argument("--minutes", type=float, required=True, help="of CPU time, in all")
    parser.add_argument("--judged-from", type=float, required=True, help="minute; judges cost time")
    given = parser.parse_args()
    torch.set_num_threads(1)
    DecoderTraining(given).run()


class DecoderTraining:
    """The decoder, its judges, the moving average, the optimizers and the clock."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.network: Synthesizer = new_network()
        self.decoder, self.judges = self.network.dec, discriminators.Judges()
        self.optimizer = torch.optim.AdamW(self.decoder.parameters(), _RATE, (0.8, 0.98))
        self.judges_optimizer = torch.optim.AdamW(
            self.judges.parameters(), _JUDGES_RATE, (0.8, 0.98)
        )
        self.average = {k: v.clone() for k, v in self.decoder.state_dict().items()}
        self.step, self.seconds = 0, 0.0
        self._resume()
        self.corpus = Corpus(given.corpus)
        self.prediction = Prediction(given.acoustic) if given.acoustic else None
        self.pairs: list[Pair] = []

    def run(self) -> None:
        """Train for the minutes given."""
        rng, began, total = random.Random(self.step), time.process_time(), 0.0
        saved = self.seconds
        while self.seconds < self.given.minutes * 60:
            if not self.pairs or self.step % _TAKE_UP_STEPS == 0:
                self._take_up_new_clips()
            progress = self.seconds / (self.given.minutes * 60)
            for group in self.optimizer.param_groups:
                warm = min(1.0, (self.step + 1) / _WARM_UP_STEPS)
                group["lr"] = _RATE * warm * (1 - 0.9 * progress)
            total += self._train_step(_batch(self.pairs, rng))
            self.step += 1
            now = time.process_time()
            self.seconds, began = self.seconds + now - began, now
            if self.step % 50 == 0:
                print(f"{self.step} {self.seconds / 60:.1f} min: {total / 50:.3f}", flush=True)
                total = 0.0
            if self.seconds - saved > _SAVE_SECONDS:
                self._save()
                saved = self.seconds
        self._save()

    def _train_step(self, batch: Pair) -> float:
        latent, target = batch
        speaker = self.network.speaker(0).detach()
        with torch.autocast("cpu", torch.bfloat16):
            made = decode(self.decoder, latent + torch.randn_like(latent) * _noise(), speaker)
        made, target = _inner(made.float()), _inner(target)
        spectral = loss = spectral_loss(made, target)
        if self.seconds >= self.given.judged_from * 60:
            loss = loss + self._judge(made, target)
        _update(self.optimizer, loss)
        with torch.no_grad():
            for name, value in self.decoder.state_dict().items():
                self.average[name].lerp_(
                    value, 1 - min(_AVERAGE_DECAY, self.step / (10 + self.step))
                )
        return float(spectral.detach())

    def _judge(self, made: Tensor, target: Tensor) -> Tensor:
        """Let the judges learn, then say what they hold against the decoder."""
        with torch.autocast("cpu", torch.bfloat16):
            apart = discriminators.told_apart(self.judges(target), self.judges(made.detach()))
        _update(self.judges_optimizer, apart)
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                of_real = self.judges(target)
            of_made = self.judges(made)
        return (
            _REAL_WEIGHT * discriminators.found_real(of_made).float()
            + _FEATURES_WEIGHT * discriminators.features_apart(of_real, of_made).float()
        )

    def _take_up_new_clips(self) -> None:
        self.corpus.refresh()
        for clip in self.corpus.clips[len(self.pairs) :]:
            latent = self.prediction.latent(clip) if self.prediction else clip.latent
            self.pairs.append((latent, clip.samples))

    def _parts(self) -> dict[str, Any]:
        return {
            "training": self.decoder, "judges": self.judges,
            "optimizer": self.optimizer, "judges_optimizer": self.judges_optimizer,
        }  # fmt: skip

    def _save(self) -> None:
        state = {name: part.state_dict() for name, part in self._parts().items()}
        clock = {"step": self.step, "seconds": self.seconds}
        partial = self.given.output.with_suffix(".partial")
        torch.save({"decoder": self.average, **state, **clock}, partial)
        partial.rename(self.given.output)

    def _resume(self) -> None:
        if self.given.output.exists():
            state = torch.load(self.given.output)
            for name, part in self._parts().items():
                part.load_state_dict(state[name])
            self.average = state["decoder"]
            self.step, self.seconds = state["step"], state["seconds"]


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


def _update(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    for group in optimizer.param_groups:
        torch.nn.utils.clip_grad_norm_(group["params"], 5.0)
    optimizer.step()


def _noise() -> Tensor:
    """How much each row of a latent [rows, frames] may be off."""
    deviation = torch.full((LATENT_ROWS, 1), _LATENT_NOISE)
    deviation[MEL_BANDS:] = _PITCH_NOISE
    return deviation


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
