"""Finding speech in audio, while it arrives: where it is, and whether it has ended."""

from collections import deque
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from wyoming_funasr.audio.fbank import SAMPLE_RATE_HZ
from wyoming_serving.audio import Samples

PADDING_MS = 200
"""Kept before and after speech: quiet consonants, and context for the recognizer."""

_WINDOW_SAMPLES = 512
_CONTEXT_SAMPLES = 64
WINDOW_MS = _WINDOW_SAMPLES * 1000 // SAMPLE_RATE_HZ
"""Silero judges 32 ms at a time, with 4 ms before them as context."""

_SPEECH_FROM = 0.5
_SILENCE_BELOW = 0.35
"""Probabilities between the two change nothing; both are Silero's own defaults."""

_SHORTEST_SPEECH = 4
_SHORTEST_SILENCE = 4
"""In windows: what is shorter is a click within silence, or a breath within speech."""


@dataclass(frozen=True)
class Span:
    """A stretch of audio in samples, `stop` not included."""

    start: int
    stop: int


class ActivityStream(Protocol):
    """The speech in one utterance, 16 kHz mono, so far."""

    def take(self, samples: Samples, *, last: bool) -> None:
        """Compute what the next samples need; may take long."""

    def advance(self, silence_ms: int | None) -> bool:
        """Look at what was taken, up to where silence behind speech has lasted `silence_ms`.

        Gives whether it has; then what lies beyond waits for the next call.
        """

    @property
    def silence_ms(self) -> int:
        """How long nobody has spoken since the last speech; 0 while it goes on or before it."""

    @property
    def position(self) -> int:
        """Samples that were looked at."""

    def spans(self) -> list[Span]:
        """Stretches of speech in order, in the samples looked at; none means silence or noise."""


class VoiceActivity(Protocol):
    """Finds speech."""

    def stream(self) -> ActivityStream:
        """Begin to listen to an utterance."""


class SileroVoiceActivity:
    """Silero VAD; the `silero-vad` package carries its weights."""

    def __init__(self) -> None:
        from silero_vad import load_silero_vad

        # the form of the model that takes many windows a call, and says its state
        self._session = load_silero_vad(sequence=True).session

    def stream(self) -> "SileroStream":
        return SileroStream(self._session)


class SileroStream:
    """Silero's probabilities for one utterance, and the speech they make."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._state = (np.zeros((1, 1, 128), np.float32), np.zeros((1, 1, 128), np.float32))
        self._context = np.zeros(_CONTEXT_SAMPLES, np.float32)
        self._rest = np.zeros(0, np.float32)
        self._samples = 0
        self._probabilities: deque[float] = deque()
        self._tracker = SpeechTracker()

    def take(self, samples: Samples, *, last: bool) -> None:
        self._samples += len(samples)
        waiting = np.concatenate((self._rest, samples))
        if last:
            waiting = np.pad(waiting, (0, -len(waiting) % _WINDOW_SAMPLES))
        whole = len(waiting) - len(waiting) % _WINDOW_SAMPLES
        self._rest = waiting[whole:]
        if whole:
            self._probabilities.extend(self._judge(waiting[:whole]))

    def advance(self, silence_ms: int | None) -> bool:
        while not self._has_lasted(silence_ms):
            if not self._probabilities:
                return False
            self._tracker.push(self._probabilities.popleft())
        return True

    @property
    def silence_ms(self) -> int:
        return self._tracker.silence * WINDOW_MS

    @property
    def position(self) -> int:
        return min(self._tracker.position * _WINDOW_SAMPLES, self._samples)

    def spans(self) -> list[Span]:
        most = self.position
        return [
            Span(start * _WINDOW_SAMPLES, min(stop * _WINDOW_SAMPLES, most))
            for start, stop in self._tracker.speech()
        ]

    def _has_lasted(self, silence_ms: int | None) -> bool:
        return silence_ms is not None and self._tracker.silence * WINDOW_MS >= silence_ms

    def _judge(self, samples: Samples) -> list[float]:
        """Probabilities of speech in whole windows; the model's state goes on."""
        windows = samples.reshape(-1, _WINDOW_SAMPLES)
        ends = windows[:, -_CONTEXT_SAMPLES:]
        contexts = np.concatenate((self._context[None], ends[:-1]))
        self._context = ends[-1].copy()
        found, hidden, cell = self._session.run(
            ["speech_probs", "hn", "cn"],
            {
                "input": np.concatenate((contexts, windows), axis=1),
                "h": self._state[0],
                "c": self._state[1],
            },
        )
        self._state = (hidden, cell)
        return [float(probability) for probability in found.reshape(-1)]


class SpeechTracker:
    """Speech and silence from the probabilities of windows; all numbers count windows."""

    def __init__(self) -> None:
        self.position = 0
        self._speech: list[tuple[int, int]] = []
        self._start: int | None = None
        self._quiet_from: int | None = None

    def push(self, probability: float) -> None:
        """Take the next window."""
        here = self.position
        self.position += 1
        if self._start is None:
            self._start = here if probability >= _SPEECH_FROM else None
        elif probability >= _SPEECH_FROM:
            self._quiet_from = None
        elif probability < _SILENCE_BELOW and self._quiet_from is None:
            self._quiet_from = here
        if self._quiet_from is not None and self.position - self._quiet_from >= _SHORTEST_SILENCE:
            self._speech = self.speech()
            self._start = self._quiet_from = None

    @property
    def silence(self) -> int:
        """Windows since the last speech; 0 before the first, or while someone may be speaking.

        A click too short for speech stops the count, and it goes on as if it had not been.
        """
        if self._start is not None:
            return 0 if self._quiet_from is None else self.position - self._quiet_from
        return self.position - self._speech[-1][1] if self._speech else 0

    def speech(self) -> list[tuple[int, int]]:
        """Stretches of speech so far; one that goes on ends here."""
        if self._start is None:
            return self._speech
        end = self.position if self._quiet_from is None else self._quiet_from
        if end - self._start < _SHORTEST_SPEECH:
            return self._speech
        return [*self._speech, (self._start, end)]


def pieces(spans: list[Span], total: int, longest_ms: int, padding_ms: int) -> list[Span]:
    """Cut audio of `total` samples into pieces to recognize: none longer than `longest_ms`.

    Speech that fits stays one piece, pauses included, because a recognizer uses the whole
    sentence; silence at both ends goes. Longer speech is cut in its pauses where it has them.
    """
    longest = longest_ms * SAMPLE_RATE_HZ // 1000
    before = PADDING_MS * SAMPLE_RATE_HZ // 1000
    behind = padding_ms * SAMPLE_RATE_HZ // 1000
    merged: list[Span] = []
    for span in spans:
        start, stop = max(0, span.start - before), min(total, span.stop + behind)
        if merged and stop - merged[-1].start <= longest:
            merged[-1] = Span(merged[-1].start, stop)
            continue
        start = max(start, merged[-1].stop) if merged else start
        merged += [Span(at, min(at + longest, stop)) for at in range(start, stop, longest)]
    return merged
