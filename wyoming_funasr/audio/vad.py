"""Voice activity detection while audio arrives: where speech is, and how long it has paused."""

from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from wyoming_funasr.audio.fbank import SAMPLE_RATE_HZ
from wyoming_serving.audio import Samples
from wyoming_serving.models.onnx_sessions import open_session

_SILERO = Path(__file__).parent / "silero_vad" / "silero_vad_16k_sequence.onnx"

_WINDOW_SAMPLES = 512
_CONTEXT_SAMPLES = 64
WINDOW_MS = _WINDOW_SAMPLES * 1000 // SAMPLE_RATE_HZ
"""Silero judges 32 ms at a time, with the 4 ms before as context."""

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
    """The speech in one utterance, 16 kHz mono.

    `take` does the work and may run in a worker; `step` goes over its results window by window,
    and the properties describe the audio gone over so far.
    """

    def take(self, samples: Samples, *, last: bool) -> None:
        """Compute what the next samples need; may take long."""

    def step(self) -> bool:
        """Go over the next window that was taken; False where there is none."""

    @property
    def silence_ms(self) -> int:
        """Time since the last speech; 0 before the first, and while someone speaks."""

    @property
    def position(self) -> int:
        """Samples gone over."""

    @property
    def speech_end(self) -> int:
        """The sample behind the last speech, 0 without any; the end so far while it goes on."""

    def spans(self) -> list[Span]:
        """Stretches of speech in order; none means silence or noise."""


class VoiceActivity(Protocol):
    """Finds speech in utterances."""

    def stream(self) -> ActivityStream:
        """Begin an utterance."""


class SileroVoiceActivity:
    """Silero VAD, whose weights are in this package."""

    def __init__(self) -> None:
        self._session = open_session(_SILERO, threads=1)

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

    def step(self) -> bool:
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

    @property
    def speech_end(self) -> int:
        return min(self._tracker.speech_end * _WINDOW_SAMPLES, self.position)

    def spans(self) -> list[Span]:
        most = self.position
        return [
            Span(start * _WINDOW_SAMPLES, min(stop * _WINDOW_SAMPLES, most))
            for start, stop in self._tracker.speech()
        ]

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

    @property
    def speech_end(self) -> int:
        """The window behind the last speech; 0 without any."""
        speech = self.speech()
        return speech[-1][1] if speech else 0

    def speech(self) -> list[tuple[int, int]]:
        """Stretches of speech so far; one that goes on ends here."""
        if self._start is None:
            return self._speech
        end = self.position if self._quiet_from is None else self._quiet_from
        if end - self._start < _SHORTEST_SPEECH:
            return self._speech
        return [*self._speech, (self._start, end)]
