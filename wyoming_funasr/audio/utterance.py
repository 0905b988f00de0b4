"""One utterance as far as it was heard: its features and where speech is in it."""

from collections import defaultdict
from dataclasses import dataclass, field

from wyoming_funasr.audio.fbank import HOP_SAMPLES, SAMPLE_RATE_HZ, Fbank, FbankStream
from wyoming_funasr.audio.vad import ActivityStream, Span, pieces
from wyoming_funasr.recognition.types import Memory
from wyoming_serving.audio import Samples


@dataclass(frozen=True)
class AudioSegment:
    """A stretch of speech to recognize at once."""

    fbank: Fbank
    start_ms: int
    memory: Memory = field(default_factory=Memory)

    @property
    def seconds(self) -> float:
        """Length of the audio."""
        return len(self.fbank) * HOP_SAMPLES / SAMPLE_RATE_HZ


class UtteranceAudio:
    """Listens to one utterance, so that no work waits for its end."""

    def __init__(
        self, fbank: FbankStream, activity: ActivityStream, longest_piece_ms: int, padding_ms: int
    ) -> None:
        """`padding_ms`: silence that belongs to a piece behind its speech."""
        self._fbank = fbank
        self._activity = activity
        self._longest_piece_ms = longest_piece_ms
        self._padding_ms = padding_ms
        self._memories: defaultdict[int, Memory] = defaultdict(Memory)

    def take(self, samples: Samples, *, last: bool = False) -> None:
        """Compute features and voice activity of the next samples; for a worker thread."""
        self._fbank.take(samples)
        self._activity.take(samples, last=last)

    def advance(self, silence_ms: int | None = None) -> bool:
        """Go on to where silence behind speech has lasted `silence_ms`, or over all that came.

        Gives whether it has. Where the end of an utterance lies does so not depend on how its
        audio was split into chunks.
        """
        return self._activity.advance(silence_ms)

    @property
    def silence_ms(self) -> int:
        """How long nobody has spoken since the last speech; 0 while it goes on or before it."""
        return self._activity.silence_ms

    @property
    def position_ms(self) -> int:
        """Audio that `advance` went over."""
        return self._activity.position * 1000 // SAMPLE_RATE_HZ

    def speech(self) -> list[Span]:
        """Stretches of speech so far."""
        return self._activity.spans()

    def pieces(self) -> tuple[AudioSegment, ...]:
        """The speech so far, as it is recognized."""
        total = self._activity.position
        spans = pieces(self.speech(), total, self._longest_piece_ms, self._padding_ms)
        return tuple(
            AudioSegment(
                self._fbank.between(span.start, span.stop),
                span.start // HOP_SAMPLES * HOP_SAMPLES * 1000 // SAMPLE_RATE_HZ,
                self._memories[span.start],
            )
            for span in spans
        )
