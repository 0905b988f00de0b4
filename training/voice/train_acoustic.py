"""Train text encoder, flow and duration predictors on the teacher's durations and latents.

The flow is trained in the direction that speaks: its output for the prior's mean is to be the
latent. So nothing is sampled, and the prior's spread is written as next to nothing. Both duration
predictors learn from hidden states that they do not change.
Resumes where it stopped; new shards of the corpus are taken up as they appear.
"""

import argparse
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from training.voice.batched import encode_text, flow_to_latent, predict_durations
from training.voice.data import Clip, Corpus
from training.voice.network import new_network
from training.voice.spline_likelihood import negative_log_likelihood
from training.voice.voice_config import LATENT_ROWS, MEL_BANDS
from wyoming_melotts.synthesis.acoustic.torch.synthesizer import Synthesizer

_BATCH = 12
_LEARNING_RATE = 1.5e-3
_WARM_UP_STEPS = 200
_POOL = 16
"""Batches are cut from so many of them sorted by length."""

_PRIOR_WEIGHT = 0.3
_PITCH_WEIGHT = 6.0
"""Of a row of the latent that holds the melody; a band of the spectrogram has 1."""
_SAVE_SECONDS = 120


@dataclass(frozen=True)
class Batch:
    """Ids, durations [batch, tokens] and the masks and latents that belong to them."""

    phones: Tensor
    tones: Tensor
    languages: Tensor
    durations: Tensor
    token_mask: Tensor
    latent: Tensor
    frame_mask: Tensor


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="checkpoint to write and resume")
    parser.add_argument("--minutes", type=float, required=True, help="of CPU time, in all")
    given = parser.parse_args()
    torch.set_num_threads(1)
    AcousticTraining(given.corpus, given.output, given.minutes).run()


class AcousticTraining:
    """The network, its optimizer and the clock."""

    def __init__(self, corpus: Path, output: Path, minutes: float) -> None:
        self.corpus, self.output, self.minutes = Corpus(corpus), output, minutes
        self.network = new_network()
        parts = (self.network.enc_p, self.network.flow, self.network.dp, self.network.sdp)
        parameters = [p for part in parts for p in part.parameters()]
        self.optimizer = torch.optim.AdamW(parameters, _LEARNING_RATE, (0.9, 0.98))
        self.parameters = parameters
        self.step, self.seconds = 0, 0.0
        if output.exists():
            state = torch.load(output)
            self.network.load_state_dict(state["network"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step, self.seconds = state["step"], state["seconds"]

    def run(self) -> None:
        """Train for the minutes given."""
        rng, saved, sums = random.Random(self.step), self.seconds, [0.0] * 4
        began = time.process_time()
        while self.seconds < self.minutes * 60:
            self.corpus.refresh()
            for batch in epoch(self.corpus.clips, rng):
                losses = self._train_step(batch)
                sums = [a + b for a, b in zip(sums, losses, strict=True)]
                self.step += 1
                now = time.process_time()
                self.seconds, began = self.seconds + now - began, now
                if self.step % 50 == 0:
                    shown = " ".join(f"{one / 50:.3f}" for one in sums)
                    print(f"{self.step} {self.seconds / 60:.1f} min: {shown}", flush=True)
                    sums = [0.0] * 4
                if self.seconds - saved > _SAVE_SECONDS:
                    self._save()
                    saved = self.seconds
                if self.seconds > self.minutes * 60:
                    break
        self._save()

    def _train_step(self, batch: Batch) -> tuple[float, ...]:
        progress = self.seconds / (self.minutes * 60)
        for group in self.optimizer.param_groups:
            warm = min(1.0, (self.step + 1) / _WARM_UP_STEPS)
            group["lr"] = _LEARNING_RATE * warm * max(0.03, 1 - progress)
        losses = acoustic_losses(self.network, batch)
        self.optimizer.zero_grad()
        loss = losses[0] + _PRIOR_WEIGHT * losses[1] + losses[2] + 0.1 * losses[3]
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        return tuple(float(loss.detach()) for loss in losses)

    def _save(self) -> None:
        state = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
        }
        partial = self.output.with_suffix(".partial")
        torch.save(state, partial)
        partial.rename(self.output)


def acoustic_losses(network: Synthesizer, batch: Batch) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Of the latent, the prior's mean, the deterministic and the stochastic durations."""
    speaker = network.speaker(0).detach()
    hidden, mean = encode_text(
        network.enc_p, batch.phones, batch.tones, batch.languages, batch.token_mask, speaker
    )
    prior = expand(mean, batch.durations, batch.latent.shape[-1])
    latent = flow_to_latent(network.flow, prior, batch.frame_mask, speaker)
    frames, weights = batch.frame_mask[:, 0] > 0, _row_weights()
    apart, prior_apart = (
        (one.float() - batch.latent).transpose(1, 2)[frames] for one in (latent, prior)
    )
    detached = hidden.detach()
    # the runtime rounds up, so a duration stands for all lengths up to one frame less
    logs = (batch.durations - torch.rand(batch.durations.shape)).clamp_min(0.02).log()
    token_kept = batch.token_mask[:, 0] > 0
    centre = (batch.durations - 0.5).clamp_min(0.5).log()
    predicted = predict_durations(network.dp, detached, batch.token_mask, speaker)
    return (
        ((apart.abs() + 0.5 * apart.square()) * weights).mean(),
        (prior_apart.abs() * weights).mean(),
        (predicted - centre)[token_kept].square().mean(),
        negative_log_likelihood(network.sdp, detached, logs, batch.token_mask, speaker),
    )


def _row_weights() -> Tensor:
    """Of each row of the latent, 1 on average."""
    weights = torch.ones(LATENT_ROWS)
    weights[MEL_BANDS:] = _PITCH_WEIGHT
    return weights / weights.mean()


def expand(mean: Tensor, durations: Tensor, frames: int) -> Tensor:
    """Repeat tokens [batch, channels, tokens] as often as `durations` says, zeros after it."""
    rows = [
        F.pad(row.repeat_interleave(count, dim=-1), (0, frames - int(count.sum())))
        for row, count in zip(mean, durations, strict=True)
    ]
    return torch.stack(rows)


def epoch(clips: list[Clip], rng: random.Random) -> Iterator[Batch]:
    """Every clip once, in batches of about equal length."""
    order = rng.sample(clips, len(clips))
    pool = _BATCH * _POOL
    batches = [
        chunk[start : start + _BATCH]
        for begin in range(0, len(order), pool)
        for chunk in [sorted(order[begin : begin + pool], key=lambda c: c.latent.shape[1])]
        for start in range(0, len(chunk), _BATCH)
    ]
    rng.shuffle(batches)
    for batch in batches:
        yield collate(batch, rng)


def collate(clips: list[Clip], rng: random.Random) -> Batch:
    """Pad; a clip that several front-ends may read is read by one of them."""
    ids = [rng.choice(clip.readings) for clip in clips]

    def padded(rows: list[list[int]]) -> Tensor:
        return pad_sequence([torch.tensor(row) for row in rows], batch_first=True)

    durations = pad_sequence([clip.durations for clip in clips], batch_first=True)
    latent = pad_sequence([clip.latent.T for clip in clips], batch_first=True).transpose(1, 2)
    frames = torch.tensor([clip.latent.shape[1] for clip in clips])
    frame_mask = torch.arange(int(frames.max()))[None] < frames[:, None]
    return Batch(
        padded([one.phones for one in ids]),
        padded([one.tones for one in ids]),
        padded([one.languages for one in ids]),
        durations,
        (durations > 0)[:, None].float(),
        latent,
        frame_mask[:, None].float(),
    )


if __name__ == "__main__":
    main()
