"""From the speech of whole utterances to recognitions, by way of an engine's segments."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from wyoming_funasr.recognition.home import HomeContext, Tokens
from wyoming_funasr.recognition.hotwords import Hotword
from wyoming_funasr.recognition.text import join
from wyoming_funasr.recognition.types import (
    Engine,
    FbankSettings,
    Recognition,
    Segment,
    SpeechSegment,
)


@dataclass(frozen=True)
class RecognitionRequest:
    """The speech of one utterance, and how to recognize it."""

    segments: tuple[SpeechSegment, ...]
    language: str = "auto"
    use_itn: bool = True
    hotwords: tuple[Hotword, ...] = ()
    is_final: bool = True
    """False while more speech may follow in the last segment."""
    languages: tuple[str, ...] = ()
    """Those that `auto` may mean; none are all of the model's."""
    home: HomeContext | None = None

    @property
    def seconds(self) -> float:
        """Length of the speech."""
        return sum(segment.seconds for segment in self.segments)


class Recognizer:
    """Recognizes utterances of any length with an engine that takes segments."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def tokens(self) -> Tokens | None:
        """The engine's tokens in which a home's names are listened for."""
        return self._engine.tokens

    @property
    def fbank(self) -> FbankSettings:
        """The filter banks that the engine's front-end begins with."""
        return self._engine.fbank

    def recognize(self, requests: Sequence[RecognitionRequest]) -> list[Recognition]:
        """Recognize utterances as one batch; runs in one of the device's worker threads.

        An utterance without segments gets an empty recognition.
        """
        batch = [
            Segment(
                self._engine.features(segment.fbank),
                request.language,
                request.use_itn,
                request.hotwords,
                segment.memory,
                request.is_final or segment is not request.segments[-1],
                request.languages,
                request.home,
            )
            for request in requests
            for segment in request.segments
        ]
        answers = iter(self._engine.recognize(batch) if batch else [])
        return [
            _judged(request, list(itertools.islice(answers, len(request.segments))))
            for request in requests
        ]


def _judged(request: RecognitionRequest, recognitions: Sequence[Recognition]) -> Recognition:
    joined = join_segments(request.segments, recognitions)
    if request.home is None or not joined.text:
        return joined
    return replace(joined, completeness=request.home.judge(joined.text, joined.language))


def join_segments(
    segments: Sequence[SpeechSegment], recognitions: Sequence[Recognition]
) -> Recognition:
    """One recognition for an utterance from those of its segments.

    Its confidence is the lowest of its segments, its language and its tags are those of the
    longest text. Segments without text (a cough, a door) count for neither.
    """
    parts = [
        _placed(recognition, segment)
        for segment, recognition in zip(segments, recognitions, strict=True)
    ]
    with_text = [part for part in parts if part.text]
    if len(with_text) < 2:
        return next(iter(with_text or parts), Recognition())
    return replace(
        max(with_text, key=lambda part: len(part.text)),
        text=join([part.text for part in with_text]),
        words=tuple(word for part in with_text for word in part.words),
        confidence=min(part.confidence for part in with_text),
    )


def _placed(recognition: Recognition, segment: SpeechSegment) -> Recognition:
    """The recognition in the utterance's time, its words within the segment.

    Models hear in frames, of which the last may end behind the audio.
    """
    placed = recognition.shifted(segment.start_ms)
    end_ms = segment.start_ms + round(segment.seconds * 1000)
    words = (
        replace(word, start_ms=min(word.start_ms, end_ms), end_ms=min(word.end_ms, end_ms))
        for word in placed.words
    )
    return replace(placed, words=tuple(words))
