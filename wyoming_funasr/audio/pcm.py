"""A client's PCM audio: waiting in blocks, and decoded to 16 kHz mono."""

from collections import deque
from dataclasses import dataclass

from wyoming_funasr.audio.fbank import SAMPLE_RATE_HZ
from wyoming_serving.audio import PcmDecoder, PcmFormat, Samples, join

BLOCK_SECONDS = 1.0
"""The most that is decoded and looked at in one go, so that other utterances get their turn."""


@dataclass(frozen=True)
class PcmBlock:
    """Audio as a client sent it, in one format."""

    format: PcmFormat
    data: bytes


class PcmInbox:
    """Audio that arrived and waits to be looked at: up to a limit for the whole utterance."""

    def __init__(self, max_seconds: float) -> None:
        self._waiting: deque[tuple[PcmFormat, memoryview]] = deque()
        self._seconds_left = max_seconds

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def put(self, pcm: PcmFormat, data: bytes) -> bool:
        """Add audio; False where it goes beyond the limit, and what does is dropped."""
        room = round(self._seconds_left * _bytes_per_second(pcm))
        kept = memoryview(data)[:room]
        if kept:
            self._waiting.append((pcm, kept))
            self._seconds_left -= len(kept) / _bytes_per_second(pcm)
        return len(kept) == len(data)

    def take(self) -> PcmBlock | None:
        """The next block, at most `BLOCK_SECONDS` long; None where nothing waits."""
        if not self._waiting:
            return None
        pcm = self._waiting[0][0]
        room = round(BLOCK_SECONDS * _bytes_per_second(pcm))
        parts = []
        while room and self._waiting and self._waiting[0][0] == pcm:
            _, data = self._waiting.popleft()
            parts.append(data[:room])
            if len(data) > room:
                self._waiting.appendleft((pcm, data[room:]))
            room -= len(parts[-1])
        return PcmBlock(pcm, b"".join(parts))


class PcmStream:
    """Turns blocks of any formats into one stream of samples."""

    def __init__(self) -> None:
        self._format: PcmFormat | None = None
        self._decoder: PcmDecoder | None = None

    def decode(self, block: PcmBlock | None, *, last: bool) -> Samples:
        """The next samples, 16 kHz mono, shape [samples]; `last` ends the stream."""
        samples = []
        if block is not None:
            if self._decoder is None or block.format != self._format:
                samples.append(self._flush())
                self._format = block.format
                self._decoder = PcmDecoder(block.format, SAMPLE_RATE_HZ)
            samples.append(self._decoder.decode(block.data))
        if last:
            samples.append(self._flush())
        return join(samples)

    def _flush(self) -> Samples:
        """What the decoder still holds."""
        return join([]) if self._decoder is None else self._decoder.decode(b"", last=True)


def _bytes_per_second(pcm: PcmFormat) -> int:
    return pcm.rate_hz * pcm.frame_bytes
