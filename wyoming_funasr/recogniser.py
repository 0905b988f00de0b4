"""Audio in, recognition out: speech found, cut, turned to features, recognised, joined."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

import numpy as np

from wyoming_funasr.hotwords import Hotword
from wyoming_funasr.recognition import SAMPLE_RATE_HZ, Engine, Recognition, Token, Utterance
from wyoming_funasr.text import join
from wyoming_funasr.vad import Span, VoiceActivity, pieces
from wyoming_serving.audio import Samples


@dataclass(frozen=True)
class Request:
    """What one client wants to have recognised: 16 kHz mono samples and how."""

    samples: Samples
    language: str = "auto"
    use_itn: bool = True
    hotwords: tuple[Hotword, ...] = ()

    @property
    def seconds(self) -> float:
        """Length of the audio."""
        return len(self.samples) / SAMPLE_RATE_HZ


class Recogniser:
    """Runs batches of requests; everything here happens in the device's worker thread."""

    def __init__(self, engine: Engine, vad: VoiceActivity, longest_piece_ms: int) -> None:
        self._engine = engine
        self._vad = vad
        self._longest_piece_ms = longest_piece_ms

    def run(self, requests: Sequence[Request]) -> list[Recognition]:
        """Recognise requests together; audio without speech gives an empty recognition."""
        cuts = [
            pieces(self._vad.spans(one.samples), len(one.samples), self._longest_piece_ms)
            for one in requests
        ]
        utterances = [
            Utterance(
                self._engine.features(one.samples[cut.start : cut.stop]),
                one.language,
                one.use_itn,
                one.hotwords,
            )
            for one, spans in zip(requests, cuts, strict=True)
            for cut in spans
        ]
        heard = iter(self._engine.recognize(utterances) if utterances else [])
        return [_joined(spans, list(itertools.islice(heard, len(spans)))) for spans in cuts]

    def warm_up(self) -> None:
        """Run audio of several lengths, so that no client pays for the first use of a kernel.

        Noise passes no voice activity detection, so the engine is asked directly.
        """
        noise = np.random.default_rng(0).normal(0, 0.01, SAMPLE_RATE_HZ * 5).astype(np.float32)
        self._vad.spans(noise)
        for seconds in (1, 5):
            features = self._engine.features(noise[: SAMPLE_RATE_HZ * seconds])
            self._engine.recognize([Utterance(features)])


def _joined(spans: list[Span], parts: list[Recognition]) -> Recognition:
    if not parts:
        return Recognition()
    words = tuple(
        _shifted(word, span.start * 1000 // SAMPLE_RATE_HZ)
        for span, part in zip(spans, parts, strict=True)
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
