"""The audio of one utterance so far: its features, and where speech is in it."""

from collections import defaultdict
from dataclasses import dataclass

from wyoming_funasr.audio.fbank import HOP_SAMPLES, SAMPLE_RATE_HZ, FbankStream
from wyoming_funasr.audio.pcm import PcmBlock, PcmStream
from wyoming_funasr.audio.segments import cut_segments
from wyoming_funasr.audio.vad import ActivityStream
from wyoming_funasr.recognition.types import HOP_MS, Memory, SpeechSegment
from wyoming_serving.audio import Samples


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
        self._pcm = PcmStream()
        self._fbank = fbank
        self._activity = activity
        self._longest_segment_ms = longest_segment_ms
        self._padding_ms = padding_ms
        self._memories: defaultdict[int, Memory] = defaultdict(Memory)

    def accept_pcm(self, block: PcmBlock | None, *, last: bool) -> None:
        """Decode a client's audio and take it; for a worker."""
        self.accept_waveform(self._pcm.decode(block, last=last), last=last)

    def accept_waveform(self, samples: Samples, *, last: bool) -> None:
        """Compute features and voice activity of the next samples, 16 kHz mono; for a worker."""
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
