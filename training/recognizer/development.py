"""How far the training is, by the development set: clean and degraded clips, never trained on."""

from itertools import groupby
from pathlib import Path
from typing import Any

import jiwer
import torch

from training.recognizer import network
from training.recognizer.batches import Batch, Batches
from training.recognizer.data import Clip
from training.recognizer.features import VARIANTS
from training.recognizer.vocabulary import Vocabulary

_BATCH = 20
_LANGUAGES = ("en", "zh")


class Judge:
    """Character errors of greedy decoding, noted in a table of the learning curve."""

    def __init__(
        self, clips: list[Clip], batches: Batches, tokens: Vocabulary, curve: Path
    ) -> None:
        self._tokens, self._curve = tokens, curve
        self._sets: dict[str, list[Batch]] = {}
        for language in _LANGUAGES:
            own = [clip for clip in clips if clip.sentence and clip.sentence.language == language]
            for variant in range(min(2, VARIANTS)):
                self._sets[f"{language}{variant}"] = [
                    batches.judged(own[start : start + _BATCH], variant)
                    for start in range(0, len(own), _BATCH)
                ]

    @torch.inference_mode()
    def errors(self, model: Any, steps: int, seconds: float) -> float:
        """The mean over the sets: English and Mandarin, each clean and degraded."""
        rates = [self._rate(model, batches) for batches in self._sets.values()]
        if not self._curve.exists():
            self._curve.write_text("steps\tseconds\t" + "\t".join(self._sets) + "\n", "utf-8")
        with self._curve.open("a", encoding="utf-8") as table:
            numbers = "\t".join(f"{rate:.4f}" for rate in rates)
            table.write(f"{steps}\t{seconds:.0f}\t{numbers}\n")
        return sum(rates) / len(rates)

    def _rate(self, model: Any, batches: list[Batch]) -> float:
        said = [self._tokens.decode(ids) for batch in batches for ids in batch.tokens]
        heard = [text for batch in batches for text in self._hear(model, batch)]
        return float(jiwer.cer(said, heard)) if said else 1.0

    def _hear(self, model: Any, batch: Batch) -> list[str]:
        _, logits = network.forward(model, batch.sound, batch.frames, batch.queries)
        best = logits[:, network.QUERIES :].argmax(dim=-1).tolist()
        rows = zip(best, batch.frames.tolist(), strict=True)
        return [
            self._tokens.decode([token for token, _ in groupby(row[:frames]) if token])
            for row, frames in rows
        ]
