"""Cutting a recording of any length into stretches of speech while it is read."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from wyoming_funasr.audio.fbank import SAMPLE_RATE_HZ
from wyoming_funasr.audio.utterance import UtteranceAudio
from wyoming_funasr.recognition.types import SpeechSegment
from wyoming_serving.audio import Samples

PAUSE_MS = 600
"""Ends a stretch: a pause between sentences."""

LATE_PAUSE_MS = 200
"""Ends one that is already longer than `LATE_MS`: a breath."""

LATE_MS = 10_000

_BLOCK_MS = 200
_BLOCK = SAMPLE_RATE_HZ * _BLOCK_MS // 1000
_SILENCE_MS = 5_000
"""Silence without any speech is dropped in such pieces."""

_KEPT_BLOCKS = 2
"""Of dropped silence: they may hold the beginning of a word."""


@dataclass(frozen=True)
class Stretch:
    """Speech between two pauses, in milliseconds of the recording."""

    start_ms: int
    end_ms: int
    segments: tuple[SpeechSegment, ...]
    """For the recognizer."""


class Cutter:
    """Follows a recording as if each stretch were an utterance that somebody speaks.

    What it holds does not grow with the recording: no more than one stretch's features.
    """

    def __init__(self, open_utterance: Callable[[], UtteranceAudio], longest_ms: int) -> None:
        """`longest_ms`: where a stretch without any pause is cut."""
        self._open = open_utterance
        self._longest_ms = longest_ms
        self._utterance = open_utterance()
        self._origin = 0
        self._taken = 0
        """Samples of the recording: where the utterance begins, and how far it has come."""
        self._rest: Samples = np.zeros(0, np.float32)
        self._latest: deque[Samples] = deque(maxlen=_KEPT_BLOCKS)

    @property
    def seconds(self) -> float:
        """Length of what was taken."""
        return (self._taken + len(self._rest)) / SAMPLE_RATE_HZ

    def take(self, samples: Samples) -> Iterator[Stretch]:
        """Yields what the next samples, 16 kHz mono, complete."""
        waiting = np.concatenate((self._rest, samples))
        whole = len(waiting) - len(waiting) % _BLOCK
        self._rest = waiting[whole:]
        for at in range(0, whole, _BLOCK):
            yield from self._follow(waiting[at : at + _BLOCK])

    def finish(self) -> Iterator[Stretch]:
        """Yields the last stretch."""
        self._accept(self._rest)
        self._rest = self._rest[:0]
        yield from self._cut()

    def _follow(self, block: Samples) -> Iterator[Stretch]:
        self._accept(block)
        self._latest.append(block)
        speech = self._utterance.state
        length_ms = _ms(self._taken - self._origin)
        if speech.revision == 0 and length_ms >= _SILENCE_MS:
            kept = np.concatenate(self._latest)
            self._begin(self._taken - len(kept))
            self._utterance.accept_waveform(kept, last=False)
            return
        pause_ms = PAUSE_MS if length_ms < LATE_MS else LATE_PAUSE_MS
        if speech.silence_ms >= pause_ms or length_ms >= self._longest_ms:
            yield from self._cut()

    def _accept(self, samples: Samples) -> None:
        self._utterance.accept_waveform(samples, last=False)
        self._taken += len(samples)
        while self._utterance.step():
            pass

    def _cut(self) -> Iterator[Stretch]:
        """Yields the speech so far, and begins another utterance."""
        utterance, origin_ms = self._utterance, _ms(self._origin)
        utterance.accept_waveform(np.zeros(0, np.float32), last=True)
        while utterance.step():
            pass
        segments = utterance.segments()
        start_ms, end_ms = utterance.speech_start_ms, utterance.speech_end_ms
        self._begin(self._taken)
        if segments and start_ms is not None and end_ms is not None:
            placed = (replace(one, start_ms=origin_ms + one.start_ms) for one in segments)
            yield Stretch(origin_ms + start_ms, origin_ms + end_ms, tuple(placed))

    def _begin(self, origin: int) -> None:
        self._utterance = self._open()
        self._origin = origin


def _ms(samples: int) -> int:
    return samples * 1000 // SAMPLE_RATE_HZ
