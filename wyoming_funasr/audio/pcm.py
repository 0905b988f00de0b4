"""A client's PCM audio: waiting in blocks, and decoded to 16 kHz mono."""

from collections import deque
from dataclasses import dataclass
from typing import TypeVar

from wyoming_funasr.audio.fbank import SAMPLE_RATE_HZ
from wyoming_serving.audio import PcmDecoder, PcmFormat, Samples, join, mix_down

M = TypeVar("M")

BLOCK_SECONDS = 1.0
"""The most that is decoded and looked at in one go, so that other utterances get their turn."""


_MOST_WAITING = 10_000
"""Stretches of audio and marks: each takes memory of its own, however short it is."""


@dataclass(frozen=True)
class PcmBlock:
    """Audio in one format, mono of at most 16 bits."""

    format: PcmFormat
    data: bytes

    @property
    def seconds(self) -> float:
        """Length of the audio."""
        return len(self.data) / _bytes_per_second(self.format)


@dataclass(frozen=True)
class _Stretch:
    """Audio in one format that waits; what comes next in this format is put behind it."""

    format: PcmFormat
    data: bytearray


@dataclass(frozen=True)
class _Mark:
    said: object


class PcmInbox:
    """Audio that waits to be looked at, up to a limit, with marks that its sender made in it.

    It waits as mono of at most 16 bits, so that the limit in seconds is one in bytes as well.
    """

    def __init__(self, max_seconds: float) -> None:
        self._waiting: deque[_Stretch | _Mark] = deque()
        self._max_seconds = max_seconds
        self._seconds = 0.0

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def __len__(self) -> int:
        """Number of stretches of audio and of marks that wait."""
        return len(self._waiting)

    @property
    def seconds(self) -> float:
        """Length of the audio that waits."""
        return self._seconds

    @property
    def has_audio_next(self) -> bool:
        """Whether audio waits before any mark."""
        return bool(self._waiting) and isinstance(self._waiting[0], _Stretch)

    def put(self, pcm: PcmFormat, data: bytes) -> bool:
        """Add whole frames; False where they go beyond the limit, and what does is dropped."""
        room = _bytes(pcm, self._max_seconds - self._seconds)
        kept = data[:room]
        if kept and self._append(*mix_down(pcm, kept)):
            self._seconds += len(kept) / _bytes_per_second(pcm)
            return len(kept) == len(data)
        return not data

    def _append(self, pcm: PcmFormat, data: bytes) -> bool:
        newest = self._waiting[-1] if self._waiting else None
        if isinstance(newest, _Stretch) and newest.format == pcm:
            newest.data.extend(data)
        elif len(self._waiting) < _MOST_WAITING:
            self._waiting.append(_Stretch(pcm, bytearray(data)))
        else:
            return False
        return True

    def mark(self, said: object) -> None:
        """Take note of what the sender said at this place of the audio."""
        self._waiting.append(_Mark(said))

    def take(self, most_seconds: float = BLOCK_SECONDS) -> PcmBlock | None:
        """The next block, at most so long; None where none waits, or not before a mark."""
        first = self._waiting[0] if self._waiting else None
        if not isinstance(first, _Stretch):
            return None
        room = _bytes(first.format, most_seconds)
        block = PcmBlock(first.format, bytes(first.data[:room]))
        del first.data[:room]
        if not first.data:
            self._waiting.popleft()
        self._seconds = max(0.0, self._seconds - block.seconds) if self._waiting else 0.0
        return block if block.data else None

    def clear(self, kind: type[M]) -> M | None:
        """Drop all that waits; returns the newest mark of this kind, None where there is none."""
        marks = [one.said for one in self._waiting if isinstance(one, _Mark)]
        self._waiting.clear()
        self._seconds = 0.0
        return next((said for said in reversed(marks) if isinstance(said, kind)), None)

    def take_mark(self, kind: type[M]) -> M | None:
        """The next mark, if it is of this kind and no audio waits before it."""
        first = self._waiting[0] if self._waiting else None
        if isinstance(first, _Mark) and isinstance(first.said, kind):
            self._waiting.popleft()
            return first.said
        return None


class PcmStream:
    """Turns blocks of any formats into one stream of samples."""

    def __init__(self) -> None:
        self._format: PcmFormat | None = None
        self._decoder: PcmDecoder | None = None

    def decode(self, block: PcmBlock | None, *, last: bool) -> Samples:
        """The next samples, 16 kHz mono, shape [samples].

        `last` brings out what the resampler still holds; another stream may follow.
        """
        samples = []
        if block is not None:
            if self._decoder is None or block.format != self._format:
                samples.append(self._flush())
                self._format = block.format
                self._decoder = PcmDecoder(block.format, SAMPLE_RATE_HZ)
            samples.append(self._decoder.decode(block.data))
        if last:
            samples.append(self._flush())
            self._format = self._decoder = None
        return join(samples)

    def _flush(self) -> Samples:
        """What the decoder still holds."""
        return join([]) if self._decoder is None else self._decoder.decode(b"", last=True)


def _bytes_per_second(pcm: PcmFormat) -> int:
    return pcm.rate_hz * pcm.frame_bytes


def _bytes(pcm: PcmFormat, seconds: float) -> int:
    """Of the whole frames in so many seconds."""
    return max(0, round(seconds * pcm.rate_hz)) * pcm.frame_bytes
