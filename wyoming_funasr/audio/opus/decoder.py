"""Opus to PCM, by way of libsndfile, which decodes whole Ogg files.

A few packets that were decoded before go in front of each file: they bring the decoder to where it
was, and what they sound like is skipped (RFC 7845, 4.2, asks for 80 ms at least).
"""

import io
from collections import deque
from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np

from wyoming_funasr.audio.opus.ogg import OggReader
from wyoming_funasr.audio.opus.ogg_writer import ogg_file
from wyoming_funasr.audio.opus.packets import (
    MAX_PACKET_BYTES,
    RATE_HZ,
    PacketReader,
    packet_samples,
)
from wyoming_funasr.audio.opus.webm import WebmReader
from wyoming_serving.audio import PcmFormat, encode_pcm16
from wyoming_serving.errors import ErrorCode, ServiceError

OpusEncoding = Literal["opus", "ogg", "webm"]
"""How Opus arrives: packet by packet, or in a container that is cut anywhere."""

PCM = PcmFormat(RATE_HZ, 2, 1)
"""Of what is decoded."""

_PRE_ROLL_SAMPLES = 320 * RATE_HZ // 1000
"""Behind so much the samples of the tests' recordings differ by -51 dB at most from those of a
decoder that never stopped; 160 ms leave -21 dB, the 80 ms of the RFC -11 dB."""


class OpusDecoder(Protocol):
    """Decodes one stream."""

    def decode(self, data: bytes) -> bytes:
        """Returns the samples that the next data completes, as `PCM`; for a worker.

        Raises:
            ServiceError: `audio-invalid`.
        """


def make_decoder(encoding: OpusEncoding) -> OpusDecoder:
    """Returns a decoder of a stream."""
    if encoding == "opus":
        return _PacketDecoder()
    return _ContainerDecoder(OggReader() if encoding == "ogg" else WebmReader())


class _PacketDecoder:
    """Decodes a packet at a time."""

    def __init__(self) -> None:
        self._stream = _Stream()

    def decode(self, data: bytes) -> bytes:
        """Returns the samples of a packet: see `OpusDecoder`."""
        return self._stream.decode([data])


class _ContainerDecoder:
    """Decodes the packets in a container."""

    def __init__(self, reader: PacketReader) -> None:
        self._reader = reader
        self._stream = _Stream()

    def decode(self, data: bytes) -> bytes:
        """Returns the samples of the packets that are complete: see `OpusDecoder`."""
        packets = self._reader.packets(data)
        return self._stream.decode(packets) if packets else b""


class _Stream:
    """Packets that follow one another."""

    def __init__(self) -> None:
        self._before: deque[bytes] = deque()
        """The pre-roll: the fewest last packets that are long enough."""

    def decode(self, packets: Sequence[bytes]) -> bytes:
        """Returns the samples of the next packets.

        Raises:
            ServiceError: `audio-invalid`, one of them is none; it leaves no trace.
        """
        import soundfile  # what no one needs who sends PCM

        lengths = [_checked_samples(packet) for packet in packets]
        skipped = sum(map(packet_samples, self._before))
        file = io.BytesIO(ogg_file([*self._before, *packets], skipped))
        try:
            samples, _ = soundfile.read(file, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            raise _not_opus(packets) from None
        if len(samples) != sum(lengths):
            raise _not_opus(packets)
        self._keep(packets)
        return encode_pcm16(np.ascontiguousarray(samples[:, 0]))

    def _keep(self, packets: Sequence[bytes]) -> None:
        self._before.extend(packets)
        spare = sum(map(packet_samples, self._before)) - _PRE_ROLL_SAMPLES
        while spare >= (first := packet_samples(self._before[0])):
            self._before.popleft()
            spare -= first


def _checked_samples(packet: bytes) -> int:
    try:
        if len(packet) > MAX_PACKET_BYTES:
            raise ValueError
        return packet_samples(packet)
    except ValueError:
        raise _not_opus([packet]) from None


def _not_opus(packets: Sequence[bytes]) -> ServiceError:
    size = sum(map(len, packets))
    text = f"{size} bytes are no Opus packet{'s' if len(packets) > 1 else ''}"
    return ServiceError(ErrorCode.AUDIO_INVALID, text)
