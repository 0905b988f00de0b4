"""Training batches: sounds of like length with their tokens, phones and queries."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence

from training.recognizer.augment import augment, surround
from training.recognizer.data import SPEECH, STRIDE, Clip, stack
from training.recognizer.features import decode
from training.recognizer.phones import Phones
from training.recognizer.vocabulary import Vocabulary

IGNORED = -100
_WRITTEN_SHARE = 0.75
"""Share of examples asked with punctuation and capitals."""
_DEGRADED_SHARE = 0.6
"""Share of examples that take a degraded variant, once augmentation is at its full strength."""


@dataclass(frozen=True)
class Batch:
    """`sound` [batch, frames, 560], `queries` and `tags` [batch, 4]; units per example."""

    sound: torch.Tensor
    frames: torch.Tensor
    queries: torch.Tensor
    tags: torch.Tensor
    tokens: list[list[int]]
    phones: list[list[int]]


@dataclass(frozen=True)
class _Example:
    sound: torch.Tensor
    queries: list[int]
    tags: list[int]
    tokens: list[int]
    phones: list[int]


class Batches:
    """Makes an epoch's batches from clips; `model` gives the ids of its queries."""

    def __init__(
        self,
        model: Any,
        normalization: torch.Tensor,
        vocabulary: Vocabulary,
        phones: Phones,
        seed: int,
    ) -> None:
        self._language_ids, self._style_ids = model.lid_dict, model.textnorm_dict
        self._normalization = normalization
        self._vocabulary, self._phones = vocabulary, phones
        self._rng = np.random.default_rng(seed)

    def groups(self, clips: list[Clip], frames: int) -> Iterator[list[Clip]]:
        """All clips in groups of like length, of about `frames` 60 ms frames, in random order."""
        jitter = self._rng.uniform(0.9, 1.1, len(clips))
        lengths = np.array([clip.speech_frames / STRIDE for clip in clips]) * jitter
        order = np.argsort(lengths)
        number = np.cumsum(lengths[order]) // frames
        groups = np.split(order, np.flatnonzero(np.diff(number)) + 1)
        for group in self._rng.permutation(len(groups)):
            yield [clips[i] for i in groups[group]]

    def make(self, clips: list[Clip], strength: float, trim: bool = False) -> Batch:
        """A batch with augmentation of `strength`; `trim` cuts all silence (see `train`)."""
        rows = [self._example(clip, strength, trim) for clip in clips]
        return Batch(
            pad_sequence([row.sound for row in rows], batch_first=True),
            torch.tensor([len(row.sound) for row in rows]),
            torch.tensor([row.queries for row in rows]),
            torch.tensor([row.tags for row in rows]),
            [row.tokens for row in rows],
            [row.phones for row in rows],
        )

    def judged(self, clips: list[Clip], variant: int) -> Batch:
        """A batch of a variant as it is, for judging: language unknown, text as written."""
        sounds = [self._normalized(decode(clip.variants[variant])) for clip in clips]
        queries = [self._language_ids["auto"], 1, 2, self._style_ids["withitn"]]
        texts = [clip.sentence.text if clip.sentence else "" for clip in clips]
        return Batch(
            pad_sequence(sounds, batch_first=True),
            torch.tensor([len(sound) for sound in sounds]),
            torch.tensor([queries] * len(clips)),
            torch.full((len(clips), len(queries)), IGNORED),
            [self._vocabulary.encode(text) for text in texts],
            [[]] * len(clips),
        )

    def _example(self, clip: Clip, strength: float, trim: bool) -> _Example:
        tag, sentence = self._vocabulary.tag, clip.sentence
        style = "withitn" if self._rng.random() < _WRITTEN_SHARE else "woitn"
        asked = sentence.language if sentence and self._rng.random() < 0.5 else "auto"
        queries = [self._language_ids[asked], 1, 2, self._style_ids[style]]
        if sentence is None:
            sound = self._normalized(augment(clip.clean(), self._rng, strength))
            tags = [tag("nospeech"), tag("EMO_UNKNOWN"), tag(clip.event), tag(style)]
            return _Example(sound, queries, tags, [], [])
        text = sentence.text if style == "withitn" else sentence.words.lower()
        tags = [tag(sentence.language), tag("NEUTRAL"), tag(SPEECH), tag(style)]
        sound = self._normalized(self._sound(clip, strength, trim))
        return _Example(
            sound, queries, tags, self._vocabulary.encode(text), self._phones.encode(clip.phonemes)
        )

    def _sound(self, clip: Clip, strength: float, trim: bool) -> torch.Tensor:
        if trim:
            return clip.clean()[clip.speech]
        if len(clip.variants) > 1 and self._rng.random() < _DEGRADED_SHARE * strength:
            mel = decode(clip.variants[int(self._rng.integers(1, len(clip.variants)))])
        else:
            mel = surround(clip.clean(), clip.speech, self._rng)
        return augment(mel, self._rng, strength)

    def _normalized(self, mel: torch.Tensor) -> torch.Tensor:
        return (stack(mel) + self._normalization[0]) * self._normalization[1]
