"""Training batches: sounds of like length with their tokens and queries."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence

from training.recognizer.augment import augment, background, surround
from training.recognizer.data import Clip, stack
from training.recognizer.vocabulary import Vocabulary

IGNORED = -100
_NOISE_SHARE = 0.03
_WRITTEN_SHARE = 0.75
"""Share of examples asked with punctuation and capitals."""


@dataclass(frozen=True)
class Batch:
    """`sound` [batch, frames, 560], `queries` and `tags` [batch, 4]; `tokens` per example."""

    sound: torch.Tensor
    frames: torch.Tensor
    queries: torch.Tensor
    tags: torch.Tensor
    tokens: list[list[int]]


class Batches:
    """Makes an epoch's batches from clips; `model` gives the ids of its queries."""

    def __init__(
        self, model: Any, normalization: torch.Tensor, vocabulary: Vocabulary, seed: int
    ) -> None:
        self._language_ids, self._style_ids = model.lid_dict, model.textnorm_dict
        self._normalization = normalization
        self._vocabulary = vocabulary
        self._rng = np.random.default_rng(seed)

    def groups(self, clips: list[Clip], size: int) -> Iterator[list[Clip]]:
        """All clips, in groups of like length, in random order."""
        jitter = self._rng.uniform(0.9, 1.1, len(clips))
        lengths = np.array([clip.speech_frames for clip in clips]) * jitter
        order = np.argsort(lengths)
        starts = np.arange(0, len(clips), size)
        self._rng.shuffle(starts)
        for start in starts:
            yield [clips[i] for i in order[start : start + size]]

    def make(self, clips: list[Clip], strength: float, trim: bool = False) -> Batch:
        """A batch with augmentation of `strength`; `trim` cuts all silence (see `train`)."""
        rows = [self._example(clip, strength, trim) for clip in clips]
        sounds, queries, tags, tokens = zip(*rows, strict=True)
        return Batch(
            pad_sequence(list(sounds), batch_first=True),
            torch.tensor([len(sound) for sound in sounds]),
            torch.tensor(queries),
            torch.tensor(tags),
            list(tokens),
        )

    def _example(
        self, clip: Clip, strength: float, trim: bool
    ) -> tuple[torch.Tensor, list[int], list[int], list[int]]:
        language, sentence, tag = clip.sentence.language, clip.sentence, self._vocabulary.tag
        style = "withitn" if self._rng.random() < _WRITTEN_SHARE else "woitn"
        asked = language if self._rng.random() < 0.5 else "auto"
        queries = [self._language_ids[asked], 1, 2, self._style_ids[style]]
        if trim:
            mel = clip.mel[clip.speech]
        elif self._rng.random() < _NOISE_SHARE:
            tags = [tag("nospeech"), tag("EMO_UNKNOWN"), IGNORED, tag(style)]
            return self._normalized(background(self._rng)), queries, tags, []
        else:
            mel = augment(surround(clip.mel, clip.speech, self._rng), self._rng, strength)
        text = sentence.text if style == "withitn" else sentence.words.lower()
        tags = [tag(language), tag("NEUTRAL"), tag("Speech"), tag(style)]
        return self._normalized(mel), queries, tags, self._vocabulary.encode(text)

    def _normalized(self, mel: torch.Tensor) -> torch.Tensor:
        return (stack(mel) + self._normalization[0]) * self._normalization[1]
