"""PCM audio in and out: the only place that converts sample formats, channels and rates."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import soxr

from wyoming_serving.errors import InvalidEvent

Samples = npt.NDArray[np.float32]
"""Mono samples from -1 to 1, shape [samples]."""

MIN_RATE_HZ = 8_000
MAX_RATE_HZ = 48_000
MAX_CHANNELS = 8

_FRAMES_AT_ONCE = 1 << 14
"""In floats they stay in a CPU's cache."""


@dataclass(frozen=True)
class PcmFormat:
    """Interleaved little-endian PCM; 8 bit is unsigned as in WAV files, wider is signed."""

    rate_hz: int
    width_bytes: int
    channels: int

    @classmethod
    def checked(cls, rate: object, width: object, channels: object) -> "PcmFormat":
        """Returns the format that a client's event describes.

        Raises:
            InvalidEvent: a field is wrong; the text names it, its value and what is allowed.
        """
        return cls(
            _checked("rate", rate, MIN_RATE_HZ, MAX_RATE_HZ),
            _checked("width", width, 1, 4),
            _checked("channels", channels, 1, MAX_CHANNELS),
        )

    @property
    def frame_bytes(self) -> int:
        """Number of bytes of one sample of every channel."""
        return self.width_bytes * self.channels


class PcmDecoder:
    """Converts a stream of PCM bytes, split anywhere, to mono float samples at another rate."""

    def __init__(self, pcm: PcmFormat, rate_hz: int) -> None:
        self._pcm = pcm
        self._rest = b""
        self._resampler = Resampler(pcm.rate_hz, rate_hz)

    def decode(self, data: bytes, *, last: bool = False) -> Samples:
        """Returns the samples of the next bytes, shape [samples]; `last` flushes the resampler.

        The bytes of an incomplete frame wait for the next call; at the end they are dropped.
        """
        data = self._rest + data
        whole = len(data) - len(data) % self._pcm.frame_bytes
        self._rest = data[whole:]
        pcm, mono = mix_down(self._pcm, data[:whole])
        return self._resampler.resample(_to_float(mono, pcm.width_bytes), last=last)


def mix_down(pcm: PcmFormat, data: bytes) -> tuple[PcmFormat, bytes]:
    """Returns the same audio with one channel and at most 16 bits, and the format it is in.

    `data` holds whole frames. What is small already comes back as it is; the rest is cheap enough
    to be done where the audio arrives: the lower bytes of wide samples are left out.
    """
    if pcm.channels == 1 and pcm.width_bytes <= 2:
        return pcm, data
    part = np.frombuffer(data, np.uint8)
    if pcm.width_bytes == 1:
        upper: npt.NDArray[Any] = part
    else:
        upper = np.empty(len(part) // pcm.width_bytes, "<i2")
        halves = upper.view(np.uint8)
        halves[0::2] = part[pcm.width_bytes - 2 :: pcm.width_bytes]
        halves[1::2] = part[pcm.width_bytes - 1 :: pcm.width_bytes]
    if pcm.channels > 1:
        frames = upper.reshape(-1, pcm.channels)
        share = np.full(pcm.channels, 1 / pcm.channels, np.float32)
        upper = np.empty(len(frames), upper.dtype)
        for start in range(0, len(frames), _FRAMES_AT_ONCE):
            mixed = frames[start : start + _FRAMES_AT_ONCE].astype(np.float32) @ share
            upper[start : start + _FRAMES_AT_ONCE] = np.rint(mixed, out=mixed)
    return PcmFormat(pcm.rate_hz, upper.itemsize, 1), upper.tobytes()


def encode_pcm16(samples: Samples) -> bytes:
    """Returns mono float samples as 16-bit little-endian PCM, clipped to -1 and 1."""
    return (np.clip(samples, -1.0, 1.0) * 32767.0).round().astype("<i2").tobytes()


class Resampler:
    """Resamples a stream of float samples; equal rates pass through unchanged."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._stream = (
            None if from_hz == to_hz else soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32")
        )

    def resample(self, samples: Samples, *, last: bool = False) -> Samples:
        """Returns the next samples at the new rate, shape [samples]; `last` flushes the filter."""
        if self._stream is None:
            return samples
        resampled: Samples = self._stream.resample_chunk(samples, last=last)
        return resampled


def join(pieces: Iterable[Samples]) -> Samples:
    """Returns all pieces in one array, shape [samples]; without pieces it is empty."""
    listed = list(pieces)
    return np.concatenate(listed) if listed else np.zeros(0, np.float32)


def _to_float(data: bytes, width: int) -> Samples:
    if width == 1:
        return (np.frombuffer(data, np.uint8).astype(np.float32) - 128.0) / 128.0
    return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(1 << 15)


def _checked(name: str, value: object, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise InvalidEvent(f"audio {name} must be from {least} to {most}, got {str(value)[:40]!r}")
    return value
