"""Train the demo recognizer from scratch; the same command resumes where it stopped.

CTC alone stays on a plateau for long, guessing frequent words. So the first steps teach each frame
of silence-free speech the token that a uniform alignment puts there; augmentation grows only as
the loss falls. The schedule follows the clock: `--minutes` is the training time in all, however
often it is interrupted. New shards of the corpus are picked up after each epoch.
"""

import argparse
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from tqdm import tqdm

from training.recognizer import network, vocabulary
from training.recognizer.batches import IGNORED, Batch, Batches
from training.recognizer.data import Corpus, mean_and_deviation
from training.recognizer.synthesize import training_sentences

_UNIFORM_STEPS = 400
_PEAK_RATE = 1.5e-3
_EMA_DECAY = 0.998
_SAVE_EVERY_S = 120


@dataclass
class State:
    """What a checkpoint holds beside the weights."""

    steps: int = 0
    seconds: float = 0.0
    loss: float = 8.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="the model's folder")
    parser.add_argument("--minutes", type=float, default=90)
    parser.add_argument("--batch", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    corpus = Corpus(given.corpus, "train")
    if not (given.output / "config.yaml").exists():
        vocabulary.write(given.output, training_sentences(2400, 2400))
        network.write_description(given.output, *mean_and_deviation(corpus.clips))
    Trainer(corpus, given.output, given.minutes * 60).run(given.batch)


class Trainer:
    """The weights, their moving average, the optimizer and the clock."""

    def __init__(self, corpus: Corpus, folder: Path, seconds: float) -> None:
        self._corpus, self._folder, self._seconds = corpus, folder, seconds
        self._tokens = vocabulary.Vocabulary(folder)
        self._model, normalization = network.create(folder, seed=0)
        self._optimizer = torch.optim.AdamW(
            self._model.parameters(), lr=_PEAK_RATE, betas=(0.9, 0.98), weight_decay=0.01
        )
        self._average = {k: v.clone() for k, v in self._model.state_dict().items()}
        self._state = State()
        self._resume()
        self._batches = Batches(self._model, normalization, self._tokens, self._state.steps)

    def run(self, batch_size: int) -> None:
        """Train until the time is used up."""
        self._model.train()
        saved = time.monotonic()
        with tqdm(total=round(self._seconds), initial=round(self._state.seconds), unit="s") as bar:
            while self._state.seconds < self._seconds:
                self._corpus.refresh()
                clips = self._corpus.clips
                if self._state.steps < 2 * _UNIFORM_STEPS:  # short ones first
                    clips = sorted(clips, key=lambda clip: clip.speech_frames)[
                        : len(clips) * 2 // 3
                    ]
                for group in self._batches.groups(clips, batch_size):
                    self._timed_step(group, bar)
                    if time.monotonic() - saved > _SAVE_EVERY_S:
                        self._save()
                        saved = time.monotonic()
                    if self._state.seconds >= self._seconds:
                        break
        self._save()

    def _timed_step(self, group: list[Any], bar: Any) -> None:
        began = time.monotonic()
        state = self._state
        uniform = state.steps < _UNIFORM_STEPS
        strength = 0.0 if uniform else min(1.0, max(0.0, (2.0 - state.loss) / 1.5))
        loss = self._step(self._batches.make(group, strength, trim=uniform), uniform)
        state.loss = 0.98 * state.loss + 0.02 * loss
        state.steps += 1
        state.seconds += time.monotonic() - began
        bar.n = round(min(state.seconds, self._seconds))
        bar.set_postfix_str(
            f"step {state.steps}, loss {state.loss:.3f} a token, augmentation {strength:.2f}, "
            f"{len(self._corpus.clips)} clips"
        )

    def _step(self, batch: Batch, uniform: bool) -> float:
        """One update; returns the loss of the last layer per token."""
        for group in self._optimizer.param_groups:
            group["lr"] = _PEAK_RATE * _schedule(self._state, self._seconds)
        outputs = network.forward(self._model, batch.sound, batch.frames, batch.queries)
        criterion = self._uniform_loss if uniform else _ctc_loss
        middle, last = (criterion(logits[:, network.QUERIES :], batch) for logits in outputs)
        tags = F.cross_entropy(
            outputs[1][:, : network.QUERIES].flatten(0, 1),
            batch.tags.flatten(),
            ignore_index=IGNORED,
        )
        self._optimizer.zero_grad()
        torch.autograd.backward(0.7 * last + 0.3 * middle + 0.2 * tags)
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), 5.0)
        self._optimizer.step()
        decay = min(_EMA_DECAY, (1 + self._state.steps) / (10 + self._state.steps))
        with torch.no_grad():
            for name, value in self._model.state_dict().items():
                self._average[name].lerp_(value, 1 - decay)
        return float(last)

    def _uniform_loss(self, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Each token has as many frames as its letters suggest."""
        targets = torch.full(logits.shape[:2], IGNORED)
        for row, (tokens, frames) in enumerate(
            zip(batch.tokens, batch.frames.tolist(), strict=True)
        ):
            ends = np.cumsum(self._tokens.piece_lengths(tokens))
            places = (np.arange(frames) + 0.5) / frames * ends[-1]
            targets[row, :frames] = torch.tensor(tokens)[np.searchsorted(ends, places)]
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED)

    def _save(self) -> None:
        torch.save(
            {"model": self._model.state_dict(), "average": self._average,
             "optimizer": self._optimizer.state_dict(), "state": vars(self._state)},
            self._folder / "checkpoint.new",
        )  # fmt: skip
        (self._folder / "checkpoint.new").rename(self._folder / "checkpoint.pt")

    def _resume(self) -> None:
        file = self._folder / "checkpoint.pt"
        if file.exists():
            saved = torch.load(file, weights_only=True)
            self._model.load_state_dict(saved["model"])
            self._optimizer.load_state_dict(saved["optimizer"])
            self._average = saved["average"]
            self._state = State(**saved["state"])


def _schedule(state: State, seconds: float) -> float:
    """Share of the peak rate: 200 steps up, then a cosine down to 2 % over the time."""
    progress = min(1.0, state.seconds / seconds)
    return min(1.0, (1 + state.steps) / 200) * (
        0.02 + 0.98 * (1 + math.cos(math.pi * progress)) / 2
    )


def _ctc_loss(logits: torch.Tensor, batch: Batch) -> torch.Tensor:
    """CTC loss per token; id 0 is the blank."""
    tokens = torch.tensor([token for row in batch.tokens for token in row])
    lengths = torch.tensor([len(row) for row in batch.tokens])
    loss = F.ctc_loss(
        logits.log_softmax(dim=-1).transpose(0, 1), tokens, batch.frames, lengths,
        reduction="sum", zero_infinity=True,
    )  # fmt: skip
    return loss / max(1, len(tokens))


if __name__ == "__main__":
    main()
