"""Train the demo recognizer from scratch; the same command resumes where it stopped.

CTC alone stays on a plateau for long, guessing frequent words. So the first steps teach each frame
of silence-free speech the token that a uniform alignment puts there; augmentation grows only as
the loss falls. A middle layer learns phones all the while. The schedule follows the CPU's time:
`--minutes` is the training time in all, however often it is interrupted and whatever runs beside
it. New clips of the corpus are taken up after each epoch. Some hundred steps with mild augmentation
end it, from the moving average of the weights on. What is exported is the moving average that did
best on the development set.
"""

import argparse
import math
import time
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from tqdm import tqdm

from training.recognizer import losses, network, phones, vocabulary
from training.recognizer.batches import IGNORED, Batch, Batches
from training.recognizer.data import Clip, Corpus, mean_and_deviation, wordless
from training.recognizer.development import Judge
from training.recognizer.features import FeatureCache
from training.recognizer.losses import LabelPriors
from training.recognizer.plan import readings

CHECKPOINT, BEST, CURVE = "checkpoint.pt", "best.pt", "curve.tsv"
FRAMES = 1200
"""Of 60 ms in a batch."""
_UNIFORM_STEPS = 500
_PEAK_RATE = 1e-3
_WARM_UP_STEPS = 300
_EMA_DECAY = 0.999
_FINISH_STEPS = 450
_FINISH_RATE = 2e-4
_FINISH_STRENGTH = 0.25
_FINISH_EMA_DECAY = 0.99
_FINISH_JUDGE_EVERY = 150
_SAVE_EVERY_S = 120
_JUDGE_EVERY_S = 900
_WORDLESS = 600
_PHONES_SHARE, _TAGS_SHARE = 0.3, 0.1
"""Of the loss; the rest is the tokens'."""


@dataclass
class State:
    """What a checkpoint holds beside the weights."""

    steps: int = 0
    seconds: float = 0.0
    loss: float = 8.0
    best: float = math.inf


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speech", type=Path, required=True, help="folder of synthesize.py")
    parser.add_argument(
        "--more", type=Path, nargs="*", default=[], help="more such clips to train on"
    )
    parser.add_argument("--output", type=Path, required=True, help="the model's folder")
    parser.add_argument("--minutes", type=float, default=300, help="of CPU time")
    parser.add_argument("--frames", type=int, default=FRAMES, help="60 ms frames in a batch")
    given = parser.parse_args()
    train(given.speech, given.more, given.output, given.minutes, given.frames)


def train(speech: Path, more: list[Path], output: Path, minutes: float, frames: int) -> None:
    """Train into `output` until `minutes` of CPU time are used up, on one thread."""
    torch.set_num_threads(1)
    cache = FeatureCache(output / "features")
    corpus = Corpus([speech / "train", *more], cache)
    if not (output / "config.yaml").exists():
        prepare(output, corpus.clips)
    development = Corpus([speech / "development"], cache).clips
    Trainer(corpus, development, output, minutes * 60).run(frames)


def prepare(output: Path, clips: list[Clip]) -> None:
    """Write what describes the model: tokens, phones, and the normalization of `clips`."""
    planned = [one.sentence for one in readings() if one.set == "train"]
    vocabulary.write(output, planned + [clip.sentence for clip in clips if clip.sentence])
    phones.write(output, (clip.phonemes for clip in clips))
    network.write_description(output, *mean_and_deviation(clips))


class Trainer:
    """The weights, their moving average, the optimizer and the clock."""

    def __init__(
        self, corpus: Corpus, development: list[Clip], folder: Path, seconds: float
    ) -> None:
        self._corpus, self._folder, self._seconds = corpus, folder, seconds
        self._wordless = wordless(_WORDLESS, seed=1)
        self._tokens, self._phones = vocabulary.Vocabulary(folder), phones.Phones(folder)
        self._model, normalization = network.create(folder, seed=0)
        width = self._model.encoder.output_size()
        self._head = network.PhoneHead(width, len(self._phones))
        self._priors = LabelPriors(len(self._tokens))
        self._parameters = [*self._model.parameters(), *self._head.parameters()]
        self._optimizer = torch.optim.AdamW(
            self._parameters, lr=_PEAK_RATE, betas=(0.9, 0.98), weight_decay=0.01
        )
        self._average = {k: v.clone() for k, v in self._model.state_dict().items()}
        self.state = State()
        self._resume()
        self._batches = Batches(
            self._model, normalization, self._tokens, self._phones, self.state.steps
        )
        self._judge = Judge(development, self._batches, self._tokens, folder / CURVE)

    def run(self, frames: int) -> None:
        """Train until the time is used up."""
        self._model.train()
        saved = judged = self.state.seconds
        with tqdm(total=round(self._seconds), initial=round(saved), unit="s") as bar:
            while self.state.seconds < self._seconds:
                self._corpus.refresh()
                for group in self._batches.groups(self._clips(), frames):
                    self._timed_step(group, bar)
                    if self.state.seconds - saved > _SAVE_EVERY_S:
                        self._save()
                        saved = self.state.seconds
                    if self.state.seconds - judged > _JUDGE_EVERY_S:
                        self._keep_the_best()
                        judged = self.state.seconds
                    if self.state.seconds >= self._seconds:
                        break
        self._keep_the_best()
        self._save()
        self._finish(frames)

    def _finish(self, frames: int) -> None:
        """Settle on sounds as they mostly are; if it is interrupted, it begins again."""
        self._model.load_state_dict(self._average)
        groups = (group for _ in count() for group in self._batches.groups(self._clips(), frames))
        for step, group in enumerate(tqdm(islice(groups, _FINISH_STEPS), total=_FINISH_STEPS)):
            batch = self._batches.make(group, _FINISH_STRENGTH)
            rate = _FINISH_RATE * (1 - step / _FINISH_STEPS)
            self._step(batch, rate, _FINISH_EMA_DECAY)
            self.state.steps += 1
            if (step + 1) % _FINISH_JUDGE_EVERY == 0:
                self._keep_the_best()

    def _clips(self) -> list[Clip]:
        """An epoch: all that can be written; to begin with, the shorter two thirds of it."""
        known = [
            clip for clip in self._corpus.clips
            if clip.sentence and self._tokens.knows(clip.sentence.text)
        ]  # fmt: skip
        if self.state.steps < 2 * _UNIFORM_STEPS:
            return sorted(known, key=lambda clip: clip.speech_frames)[: 1 + len(known) * 2 // 3]
        return known + self._wordless

    def _timed_step(self, group: list[Clip], bar: Any) -> None:
        began = time.process_time()
        state = self.state
        uniform = state.steps < _UNIFORM_STEPS
        strength = 0.0 if uniform else min(1.0, max(0.0, (2.0 - state.loss) / 1.5))
        rate = _PEAK_RATE * _schedule(state, self._seconds)
        decay = min(_EMA_DECAY, (1 + state.steps) / (10 + state.steps))
        batch = self._batches.make(group, strength, trim=uniform)
        loss = self._step(batch, rate, decay, uniform=uniform)
        state.loss = 0.98 * state.loss + 0.02 * loss
        state.steps += 1
        state.seconds += time.process_time() - began
        bar.n = round(min(state.seconds, self._seconds))
        bar.set_postfix_str(
            f"step {state.steps}, loss {state.loss:.3f} a token, augmentation {strength:.2f}, "
            f"{len(self._corpus.clips)} clips, best {state.best:.3f}"
        )

    def _step(self, batch: Batch, rate: float, decay: float, *, uniform: bool = False) -> float:
        """One update; returns the loss of the last layer per token."""
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        with torch.autocast("cpu", torch.bfloat16):
            middle, logits = network.forward(self._model, batch.sound, batch.frames, batch.queries)
            heard = self._head(middle[:, network.QUERIES :]).float()
        logits = logits.float()
        tokens, heard = self._losses(logits[:, network.QUERIES :], heard, batch, uniform)
        tags = F.cross_entropy(
            logits[:, : network.QUERIES].flatten(0, 1), batch.tags.flatten(), ignore_index=IGNORED
        )
        rest = 1 - _PHONES_SHARE - _TAGS_SHARE
        self._optimizer.zero_grad()
        torch.autograd.backward(rest * tokens + _PHONES_SHARE * heard + _TAGS_SHARE * tags)
        torch.nn.utils.clip_grad_norm_(self._parameters, 5.0)
        self._optimizer.step()
        with torch.no_grad():
            for name, value in self._model.state_dict().items():
                self._average[name].lerp_(value, 1 - decay)
        return float(tokens.detach())

    def _losses(
        self, logits: torch.Tensor, heard: torch.Tensor, batch: Batch, uniform: bool
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Of the tokens and of the phones; clips without known phones do not count there."""
        twice = network.PhoneHead.PER_FRAME * batch.frames
        if uniform:
            lengths = self._tokens.piece_lengths
            return (
                losses.uniform(logits, batch.frames, batch.tokens, lengths),
                losses.uniform(heard, twice, batch.phones, lambda ids: [1] * len(ids)),
            )
        self._priors.observe(logits, batch.frames)
        rows = [row for row, ids in enumerate(batch.phones) if ids]
        return (
            losses.ctc(logits + self._priors.offset(), batch.frames, batch.tokens),
            losses.ctc(heard[rows], twice[rows], [batch.phones[row] for row in rows])
            if rows
            else heard.sum() * 0,
        )

    def _keep_the_best(self) -> None:
        """Judge the average of the weights by the development set."""
        training = {name: value.clone() for name, value in self._model.state_dict().items()}
        weights = losses.with_priors(self._average, self._priors)
        self._model.load_state_dict(weights)
        self._model.eval()
        errors = self._judge.errors(self._model, self.state.steps, self.state.seconds)
        if errors < self.state.best:
            self.state.best = errors
            torch.save(weights, self._folder / BEST)
        self._model.load_state_dict(training)
        self._model.train()

    def _save(self) -> None:
        torch.save(
            {"model": self._model.state_dict(), "head": self._head.state_dict(),
             "average": self._average, "priors": self._priors.mean,
             "optimizer": self._optimizer.state_dict(), "state": vars(self.state)},
            self._folder / "checkpoint.new",
        )  # fmt: skip
        (self._folder / "checkpoint.new").rename(self._folder / CHECKPOINT)

    def _resume(self) -> None:
        file = self._folder / CHECKPOINT
        if file.exists():
            saved = torch.load(file, weights_only=True)
            self._model.load_state_dict(saved["model"])
            self._head.load_state_dict(saved["head"])
            self._optimizer.load_state_dict(saved["optimizer"])
            self._average, self._priors.mean = saved["average"], saved["priors"]
            self.state = State(**saved["state"])


def _schedule(state: State, seconds: float) -> float:
    """Share of the peak rate: some steps up, then a cosine down to 2 % over the time."""
    progress = min(1.0, state.seconds / seconds)
    return min(1.0, (1 + state.steps) / _WARM_UP_STEPS) * (
        0.02 + 0.98 * (1 + math.cos(math.pi * progress)) / 2
    )


if __name__ == "__main__":
    main()
