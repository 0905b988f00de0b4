"""Finding speech in audio: where it is, and whether there is any."""

from dataclasses import dataclass
from typing import Protocol

from wyoming_funasr.recognition import SAMPLE_RATE_HZ
from wyoming_serving.audio import Samples

_PADDING_MS = 200
"""Kept before and after speech: quiet consonants, and context for the recogniser."""


@dataclass(frozen=True)
class Span:
    """A stretch of audio in samples, `stop` not included."""

    start: int
    stop: int


class VoiceActivity(Protocol):
    """Finds speech in 16 kHz mono audio."""

    def spans(self, samples: Samples) -> list[Span]:
        """Stretches of speech in order; none means silence or noise."""


class SileroVoiceActivity:
    """Silero VAD (the `silero-vad` package carries its weights), one call for many frames."""

    def __init__(self) -> None:
        from silero_vad import load_silero_vad

        self._model = load_silero_vad(sequence=True)

    def spans(self, samples: Samples) -> list[Span]:
        from silero_vad import get_speech_timestamps_sequence

        found = get_speech_timestamps_sequence(
            samples, self._model, speech_pad_ms=0, min_speech_duration_ms=100
        )
        return [Span(int(one["start"]), int(one["end"])) for one in found]


def pieces(spans: list[Span], total: int, longest_ms: int) -> list[Span]:
    """Cut audio of `total` samples into pieces to recognise: none longer than `longest_ms`.

    Speech that fits stays one piece, pauses included, because a recogniser uses the whole
    sentence; silence at both ends goes. Longer speech is cut in its pauses where it has them.
    """
    longest = longest_ms * SAMPLE_RATE_HZ // 1000
    padding = _PADDING_MS * SAMPLE_RATE_HZ // 1000
    merged: list[Span] = []
    for span in spans:
        start, stop = max(0, span.start - padding), min(total, span.stop + padding)
        if merged and stop - merged[-1].start <= longest:
            merged[-1] = Span(merged[-1].start, stop)
            continue
        start = max(start, merged[-1].stop) if merged else start
        merged += [Span(at, min(at + longest, stop)) for at in range(start, stop, longest)]
    return merged
