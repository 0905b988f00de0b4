"""What was heard in, recognition out: pieces of speech turned to features, recognised, joined."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

import numpy as np

from wyoming_funasr.fbank import SAMPLE_RATE_HZ, FbankStream
from wyoming_funasr.hearing import Hearing, Piece
from wyoming_funasr.hotwords import Hotword
from wyoming_funasr.recognition import Engine, Recognition, Token, Utterance
from wyoming_funasr.text import join
from wyoming_funasr.vad import PADDING_MS, VoiceActivity
from wyoming_serving.audio import Samples
from wyoming_serving.side_by_side import SideBySide


@dataclass(frozen=True)
class Request:
    """What one client wants to have recognised, and how."""

    pieces: tuple[Piece, ...]
    language: str = "auto"
    use_itn: bool = True
    hotwords: tuple[Hotword, ...] = ()
    is_final: bool = True
    """Whether it is to be recognised as if no more speech followed."""

    @property
    def seconds(self) -> float:
        """Length of the speech."""
        return sum(piece.seconds for piece in self.pieces)


class Recogniser:
    """A model with its ears."""

    def __init__(
        self,
        engine: Engine,
        vad: VoiceActivity,
        longest_piece_ms: int,
        padding_ms: int = PADDING_MS,
        side_by_side: SideBySide | None = None,
    ) -> None:
        """`side_by_side`: cores to share a batch between; None where one device takes it whole."""
        self._engine = engine
        self._vad = vad
        self._longest_piece_ms = longest_piece_ms
        self._padding_ms = padding_ms
        self._side_by_side = side_by_side

    @property
    def cpu_threads(self) -> int:
        """Cores that share a batch; 0 on a GPU."""
        return self._side_by_side.workers if self._side_by_side else 0

    def listen(self) -> Hearing:
        """Begin to listen to an utterance."""
        fbank = FbankStream(self._engine.fbank)
        return Hearing(fbank, self._vad.stream(), self._longest_piece_ms, self._padding_ms)

    def hear(self, samples: Samples) -> tuple[Piece, ...]:
        """The speech in a whole recording (16 kHz, mono)."""
        hearing = self.listen()
        hearing.take(samples, last=True)
        hearing.advance()
        return hearing.pieces()

    def run(self, requests: Sequence[Request]) -> list[Recognition]:
        """Recognise requests together, in the device's worker thread.

        No speech gives an empty recognition.
        """
        utterances = [
            Utterance(
                self._engine.features(piece.fbank),
                one.language,
                one.use_itn,
                one.hotwords,
                piece.memory,
                one.is_final or piece is not one.pieces[-1],
            )
            for one in requests
            for piece in one.pieces
        ]
        heard = iter(self._recognize(utterances) if utterances else [])
        return [
            _joined(one.pieces, list(itertools.islice(heard, len(one.pieces)))) for one in requests
        ]

    def close(self) -> None:
        """End the worker threads."""
        if self._side_by_side is not None:
            self._side_by_side.close()

    def _recognize(self, utterances: list[Utterance]) -> list[Recognition]:
        if self._side_by_side is None or len(utterances) == 1:
            return self._engine.recognize(utterances)
        groups = _shares([len(one.features) for one in utterances], self._side_by_side.workers)
        parts = self._side_by_side.map(
            self._engine.recognize, [[utterances[i] for i in group] for group in groups]
        )
        heard = {
            i: one
            for group, part in zip(groups, parts, strict=True)
            for i, one in zip(group, part, strict=True)
        }
        return [heard[i] for i in range(len(utterances))]

    def warm_up(self) -> None:
        """Run audio of several lengths, so that no client pays for the first use of a kernel.

        Noise passes no voice activity detection, so the engine is asked directly.
        """
        noise = np.random.default_rng(0).normal(0, 0.01, SAMPLE_RATE_HZ * 5).astype(np.float32)
        self.hear(noise)
        for seconds in (1, 5):
            fbank = FbankStream(self._engine.fbank)
            fbank.take(noise[: SAMPLE_RATE_HZ * seconds])
            features = self._engine.features(fbank.between(0, len(noise)))
            self._engine.recognize([Utterance(features)])


def _shares(sizes: Sequence[int], workers: int) -> list[list[int]]:
    """Places of `sizes` in as many groups as there is work for, of about the same total."""
    groups: list[list[int]] = [[] for _ in range(min(workers, len(sizes)))]
    for i in sorted(range(len(sizes)), key=lambda i: -sizes[i]):
        min(groups, key=lambda group: sum(sizes[j] for j in group)).append(i)
    return groups


def _joined(pieces: Sequence[Piece], parts: list[Recognition]) -> Recognition:
    if not parts:
        return Recognition()
    words = tuple(
        _shifted(word, piece.start_ms)
        for piece, part in zip(pieces, parts, strict=True)
        for word in part.words
    )
    longest = max(parts, key=lambda part: len(part.words))
    return replace(
        longest,
        text=join([part.text for part in parts]),
        words=words,
        confidence=min(map(attrgetter("confidence"), parts)),
    )


def _shifted(word: Token, offset_ms: int) -> Token:
    return replace(word, start_ms=word.start_ms + offset_ms, end_ms=word.end_ms + offset_ms)
