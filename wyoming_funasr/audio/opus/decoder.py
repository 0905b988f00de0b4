"""Opus to PCM, by way of libopus in PyAV."""

from typing import Any, Literal, Protocol

from wyoming_funasr.audio.opus.ogg import OggReader
from wyoming_funasr.audio.opus.packets import MAX_PACKET_BYTES, PacketReader
from wyoming_funasr.audio.opus.webm import WebmReader
from wyoming_serving.audio import PcmFormat
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.extras import needs_extra

OpusEncoding = Literal["opus", "ogg", "webm"]
"""How Opus arrives: packet by packet, or in a container that is cut anywhere."""

PCM = PcmFormat(48_000, 2, 1)
"""Of what is decoded."""


class OpusDecoder(Protocol):
    """Decodes one stream."""

    def decode(self, data: bytes) -> bytes:
        """Returns the samples that the next data completes, as `PCM`; for a worker.

        Raises:
            ServiceError: `audio-invalid`.
        """


def make_decoder(encoding: OpusEncoding) -> OpusDecoder:
    """Returns a decoder of a stream.

    Raises:
        ServiceError: `unsupported-encoding`, PyAV is not installed.
    """
    packets = _PacketDecoder()
    if encoding == "opus":
        return packets
    return _ContainerDecoder(OggReader() if encoding == "ogg" else WebmReader(), packets)


class _PacketDecoder:
    """Decodes a packet at a time."""

    def __init__(self) -> None:
        try:
            with needs_extra("media", "opus"):
                import av
        except ServiceError as missing:
            raise ServiceError(ErrorCode.UNSUPPORTED_ENCODING, missing.text) from None
        self._av = av
        self._decoder: Any = av.CodecContext.create("libopus", "r")
        self._decoder.sample_rate = PCM.rate_hz
        self._decoder.layout = "mono"

    def decode(self, data: bytes) -> bytes:
        """Returns the samples of a packet: see `OpusDecoder`."""
        if not 0 < len(data) <= MAX_PACKET_BYTES:
            raise ServiceError(ErrorCode.AUDIO_INVALID, _not_opus(data))
        try:
            frames = self._decoder.decode(self._av.Packet(data))
        except (self._av.error.FFmpegError, ValueError):
            raise ServiceError(ErrorCode.AUDIO_INVALID, _not_opus(data)) from None
        return b"".join(frame.to_ndarray().tobytes() for frame in frames)


class _ContainerDecoder:
    """Decodes the packets in a container."""

    def __init__(self, reader: PacketReader, decoder: OpusDecoder) -> None:
        self._reader = reader
        self._decoder = decoder

    def decode(self, data: bytes) -> bytes:
        """Returns the samples of the packets that are complete: see `OpusDecoder`."""
        return b"".join(map(self._decoder.decode, self._reader.packets(data)))


def _not_opus(packet: bytes) -> str:
    return f"{len(packet)} bytes are no Opus packet"
