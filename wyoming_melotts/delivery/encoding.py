"""Audio in the formats that players read, encoded piece by piece as it is computed."""

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from wyoming_melotts.delivery.mp3 import InfoFrameFilter
from wyoming_serving.audio import PcmDecoder, PcmFormat, Samples, encode_pcm16
from wyoming_serving.extras import needs_extra

EXTRA = "formats"
"""What installs the encoders of compressed audio."""

OPENAI_PCM_HZ = 24_000
"""Rate of OpenAI's headerless `pcm`, which its clients assume."""

_OPUS_HZ = 48_000
_MP3_HZ = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_UNKNOWN_LENGTH = 0xFFFFFFFF
_MP3_OPTIONS: Mapping[str, Any] = {"bitrate_mode": "CONSTANT", "compression_level": 0.7}
"""About 112 kbit/s. Players take a constant rate from the first frame where there is no length."""


class AudioFormat(StrEnum):
    """How audio is written."""

    WAV = "wav"
    PCM = "pcm"
    MP3 = "mp3"
    OPUS = "opus"
    FLAC = "flac"


CONTENT_TYPES: Mapping[AudioFormat, str] = {
    AudioFormat.WAV: "audio/wav",
    AudioFormat.PCM: "audio/pcm",
    AudioFormat.MP3: "audio/mpeg",
    AudioFormat.OPUS: "audio/ogg",
    AudioFormat.FLAC: "audio/flac",
}


class Encoder(Protocol):
    """Encodes one stream of 16-bit mono PCM; its calls block, and must not overlap."""

    def encode(self, pcm: bytes, *, last: bool = False) -> Sequence[bytes]:
        """Returns what the next PCM completes; `last` ends the stream.

        A file is these pieces, joined; where audio goes in messages, each is one. None is empty.
        """


@dataclass(frozen=True)
class EncoderJob:
    """The next PCM of a stream, for a worker to encode."""

    encoder: Encoder
    pcm: bytes
    last: bool

    def run(self) -> Sequence[bytes]:
        """Returns what the PCM completes."""
        return self.encoder.encode(self.pcm, last=self.last)


def make_encoder(audio_format: AudioFormat, rate_hz: int) -> Encoder:
    """Returns an encoder of audio of `rate_hz`, which may change the rate if the format needs it.

    Raises:
        ServiceError: `extra-missing`, the library for the format is not installed.
    """
    if audio_format is AudioFormat.PCM:
        return PcmEncoder(rate_hz, OPENAI_PCM_HZ)
    if audio_format is AudioFormat.WAV:
        return _WavEncoder(rate_hz)
    if audio_format is AudioFormat.MP3:
        mp3_hz = rate_hz if rate_hz in _MP3_HZ else _MP3_HZ[-1]
        return _FileEncoder(rate_hz, _FileFormat("MP3", "MPEG_LAYER_III", mp3_hz, _MP3_OPTIONS))
    if audio_format is AudioFormat.OPUS:
        return _FileEncoder(rate_hz, _FileFormat("OGG", "OPUS", _OPUS_HZ))
    return _FileEncoder(rate_hz, _FileFormat("FLAC", "PCM_16", rate_hz))


class PcmEncoder:
    """16-bit PCM without a header, at another rate."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._to_hz = to_hz
        self._decoder = None if from_hz == to_hz else PcmDecoder(PcmFormat(from_hz, 2, 1), to_hz)

    def encode(self, pcm: bytes, *, last: bool = False) -> Sequence[bytes]:
        """Returns what the next PCM completes: see `Encoder`."""
        if self._decoder is not None:
            pcm = encode_pcm16(self._decoder.decode(pcm, last=last))
        return [pcm] if pcm else []

    def seconds(self, piece: bytes) -> float:
        """Returns how long the audio in a piece lasts."""
        return len(piece) / (2 * self._to_hz)


class _WavEncoder:
    """PCM behind a header that leaves the length open, as players of streams take it."""

    def __init__(self, rate_hz: int) -> None:
        self._header = _wav_header(rate_hz)

    def encode(self, pcm: bytes, *, last: bool = False) -> Sequence[bytes]:
        """Returns what the next PCM completes: see `Encoder`."""
        header, self._header = self._header, b""
        return [header + pcm] if header or pcm else []


@dataclass(frozen=True)
class _FileFormat:
    """A format of libsndfile's, by its names there, and the rate that is written."""

    container: str
    codec: str
    rate_hz: int
    options: Mapping[str, Any] = field(default_factory=dict)


class _FileEncoder:
    """Lets libsndfile write a file that nobody keeps: what it has written is taken away.

    At its end libsndfile goes back to write the length into the header, which has left long ago:
    that is dropped.
    """

    def __init__(self, from_hz: int, to: _FileFormat) -> None:
        with needs_extra(EXTRA):
            import soundfile

        self._decoder = PcmDecoder(PcmFormat(from_hz, 2, 1), to.rate_hz)
        self._written = _Written()
        self._filter = InfoFrameFilter() if to.container == "MP3" else None
        self._file = soundfile.SoundFile(
            self._written, "w", to.rate_hz, 1, to.codec, format=to.container, **to.options
        )
        self._write: Callable[[Samples], None] = self._file.write

    def encode(self, pcm: bytes, *, last: bool = False) -> Sequence[bytes]:
        """Returns what the next PCM completes: see `Encoder`."""
        samples = self._decoder.decode(pcm, last=last)
        if len(samples):
            self._write(samples)
        if last:
            self._file.close()
        data = self._written.take()
        if self._filter is not None:
            data = self._filter.push(data)
        return [data] if data else []


class _Written:
    """A file of which only what is appended counts."""

    def __init__(self) -> None:
        self._at = 0
        self._end = 0
        self._parts: list[bytes] = []

    def take(self) -> bytes:
        """Returns what was appended since the last call."""
        data = b"".join(self._parts)
        self._parts.clear()
        return data

    def write(self, data: bytes) -> int:
        """Append, or drop what would overwrite."""
        if self._at == self._end:
            self._parts.append(bytes(data))
            self._end += len(data)
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to where the next write would be."""
        self._at = offset + (0, self._at, self._end)[whence]
        return self._at

    def tell(self) -> int:
        """Returns where the next write would be."""
        return self._at

    def read(self, _: int = -1) -> bytes:
        """Returns nothing: libsndfile only asks whether it could read."""
        return b""

    def flush(self) -> None:
        """Nothing is kept back."""


def _wav_header(rate_hz: int) -> bytes:
    """A RIFF header (Microsoft and IBM, 1991) of 16-bit mono PCM without its length."""
    fmt = struct.pack("<HHIIHH", 1, 1, rate_hz, 2 * rate_hz, 2, 16)
    chunks = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt
    unknown = struct.pack("<I", _UNKNOWN_LENGTH)
    return b"RIFF" + unknown + chunks + b"data" + unknown
