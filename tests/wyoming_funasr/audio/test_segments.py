"""Speech, cut for a recognizer."""

from tests.support.speech import RATE_HZ
from wyoming_funasr.audio.segments import cut_segments
from wyoming_funasr.audio.vad import Span


def test_segments_keep_a_sentence_whole_and_cut_what_is_too_long() -> None:
    second = RATE_HZ
    spans = [Span(second, 2 * second), Span(3 * second, 4 * second)]
    fifth = second // 5
    assert cut_segments(spans, 5 * second, 30_000, 200) == [
        Span(second - fifth, 4 * second + fifth)
    ]
    assert cut_segments(spans, 5 * second, 2_000, 100) == [
        Span(second - fifth, 2 * second + fifth // 2),
        Span(3 * second - fifth, 4 * second + fifth // 2),
    ]
    assert cut_segments(spans[:1], 5 * second, 1_000, 0) == [
        Span(second - fifth, 2 * second - fifth),
        Span(2 * second - fifth, 2 * second),
    ]
    assert cut_segments([], 5 * second, 1_000, 0) == []
