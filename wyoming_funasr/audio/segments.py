"""Cutting speech into segments that a recognizer takes."""

from collections.abc import Sequence

from wyoming_funasr.audio.fbank import SAMPLE_RATE_HZ
from wyoming_funasr.audio.vad import Span

PADDING_MS = 200
"""Kept before and after speech: quiet consonants, and context for the recognizer."""


def cut_segments(
    speech: Sequence[Span], total: int, longest_ms: int, padding_ms: int
) -> list[Span]:
    """Segments of an utterance of `total` samples, none longer than `longest_ms`.

    Speech that fits stays one segment, pauses included, because a recognizer uses the whole
    sentence; the silence at both ends goes, except `PADDING_MS` before speech and `padding_ms`
    behind it. Longer speech is cut in its pauses where it has them.
    """
    longest = longest_ms * SAMPLE_RATE_HZ // 1000
    before = PADDING_MS * SAMPLE_RATE_HZ // 1000
    behind = padding_ms * SAMPLE_RATE_HZ // 1000
    segments: list[Span] = []
    for span in speech:
        start, stop = max(0, span.start - before), min(total, span.stop + behind)
        if segments and stop - segments[-1].start <= longest:
            segments[-1] = Span(segments[-1].start, stop)
            continue
        start = max(start, segments[-1].stop) if segments else start
        segments += [Span(at, min(at + longest, stop)) for at in range(start, stop, longest)]
    return segments
