"""What was heard in, recognition out: pieces of speech turned to features, recognized, joined."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

import numpy as np

from wyoming_funasr.audio.fbank import SAMPLE_RATE_HZ, FbankStream
from wyoming_funasr.audio.utterance import AudioSegment, UtteranceAudio
from wyoming_funasr.audio.vad import PADDING_MS, VoiceActivity
from wyoming_funasr.recognition.hotwords import Hotword
from wyoming_funasr.recognition.text import join
from wyoming_funasr.recognition.types import Engine, Recognition, Segment, Word
from wyoming_serving.audio import Samples


@dataclass(frozen=True)
class Request:
    """What one client wants to have recognized, and how."""

    pieces: tuple[AudioSegment, ...]
    language: str = "auto"
    use_itn: bool = True
    hotwords: tuple[Hotword, ...] = ()
    is_final: bool = True
    """Whether it is to be recognized as if no more speech followed."""

    @property
    def seconds(self) -> float:
        """Length of the speech."""
        return sum(piece.seconds for piece in self.pieces)


class Recognizer:
    """A model with its ears."""

    def __init__(
        self,
        engine: Engine,
        vad: VoiceActivity,
        longest_piece_ms: int,
        padding_ms: int = PADDING_MS,
    ) -> None:
        self._engine = engine
        self._vad = vad
        self._longest_piece_ms = longest_piece_ms
        self._padding_ms = padding_ms

    def listen(self) -> UtteranceAudio:
        """Begin to listen to an utterance."""
        fbank = FbankStream(self._engine.fbank)
        return UtteranceAudio(fbank, self._vad.stream(), self._longest_piece_ms, self._padding_ms)

    def hear(self, samples: Samples) -> tuple[AudioSegment, ...]:
        """The speech in a whole recording (16 kHz, mono)."""
        hearing = self.listen()
        hearing.take(samples, last=True)
        hearing.advance()
        return hearing.pieces()

    def run(self, requests: Sequence[Request]) -> list[Recognition]:
        """Recognize requests together, in one of the device's worker threads.

        No speech gives an empty recognition.
        """
        utterances = [
            Segment(
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
        heard = iter(self._engine.recognize(utterances) if utterances else [])
        return [
            _joined(one.pieces, list(itertools.islice(heard, len(one.pieces)))) for one in requests
        ]

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
            self._engine.recognize([Segment(features)])


def _joined(pieces: Sequence[AudioSegment], parts: list[Recognition]) -> Recognition:
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


def _shifted(word: Word, offset_ms: int) -> Word:
    return replace(word, start_ms=word.start_ms + offset_ms, end_ms=word.end_ms + offset_ms)
