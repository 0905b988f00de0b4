"""The audio of one utterance so far: its features, and where speech is in it."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from wyoming_funasr.audio.fbank import HOP_SAMPLES, SAMPLE_RATE_HZ, FbankStream
from wyoming_funasr.audio.segments import cut_segments
from wyoming_funasr.audio.vad import ActivityStream
from wyoming_funasr.recognition.types import HOP_MS, Memory, SpeechSegment
from wyoming_serving.audio import Samples

LEAD_MS = 500
"""Audio that is kept from before the place reached, in case that somebody had begun to speak."""

_KEPT_SAMPLES = SAMPLE_RATE_HZ
"""More than is kept for that, and than activity detection has yet to go over."""


@dataclass(frozen=True)
class SpeechState:
    """What is known of an utterance at one place of its audio.

    `revision` is 0 before any speech and changes whenever speech is added; `silence_ms` is the
    time since the last speech, 0 before the first and while someone speaks.
    """

    revision: int = 0
    silence_ms: int = 0
    position_ms: int = 0


class UtteranceAudio:
    """Computes features and voice activity as audio arrives, so that no work waits for its end."""

    def __init__(
        self, fbank: FbankStream, activity: ActivityStream, longest_segment_ms: int, padding_ms: int
    ) -> None:
        """`padding_ms`: silence that belongs to a segment behind its speech."""
        self._fbank = fbank
        self._activity = activity
        self._longest_segment_ms = longest_segment_ms
        self._padding_ms = padding_ms
        self._memories: defaultdict[int, Memory] = defaultdict(Memory)
        self._taken = 0
        self._recent: Samples = np.zeros(0, np.float32)

    def accept_waveform(self, samples: Samples, *, last: bool) -> None:
        """Compute features and voice activity of the next samples, 16 kHz mono; for a worker."""
        self._taken += len(samples)
        self._recent = np.concatenate((self._recent[-_KEPT_SAMPLES:], samples))
        self._fbank.take(samples)
        self._activity.take(samples, last=last)

    def step(self) -> bool:
        """Go on to the next place where a decision can be made; False at the end of what came.

        The places do not depend on how the audio was split into chunks.
        """
        return self._activity.step()

    @property
    def state(self) -> SpeechState:
        """What is known at the place reached."""
        activity = self._activity
        return SpeechState(activity.speech_end, activity.silence_ms, _ms(activity.position))

    @property
    def speech_start_ms(self) -> int | None:
        """Where speech begins, None without any."""
        spans = self._activity.spans()
        return _ms(spans[0].start) if spans else None

    @property
    def speech_end_ms(self) -> int | None:
        """Where speech ends so far, None without any."""
        return _ms(self._activity.speech_end) or None

    def behind(self, lead_ms: int = 0) -> Samples:
        """What came behind the place reached, and at most `LEAD_MS` before it."""
        lead = min(lead_ms, LEAD_MS) * SAMPLE_RATE_HZ // 1000
        count = self._taken - self._activity.position + lead
        return self._recent[max(0, len(self._recent) - count) :]

    def segments(self) -> tuple[SpeechSegment, ...]:
        """The speech so far, as it is recognized."""
        activity = self._activity
        spans = cut_segments(
            activity.spans(), activity.position, self._longest_segment_ms, self._padding_ms
        )
        return tuple(
            SpeechSegment(
                self._fbank.between(span.start, span.stop),
                span.start // HOP_SAMPLES * HOP_MS,
                self._memories[span.start],
            )
            for span in spans
        )


def _ms(samples: int) -> int:
    return samples * 1000 // SAMPLE_RATE_HZ
