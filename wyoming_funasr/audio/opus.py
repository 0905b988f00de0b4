"""Opus packets to PCM, by way of libopus in PyAV."""

from typing import Any

from wyoming_serving.audio import PcmFormat
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.extras import needs_extra

MAX_PACKET_BYTES = 61_298
"""48 frames of 2.5 ms with 1275 bytes each, and their lengths (RFC 6716, 3.2)."""


class OpusDecoder:
    """Decodes one stream of packets."""

    format = PcmFormat(48_000, 2, 1)

    def __init__(self) -> None:
        """Make the decoder.

        Raises:
            ServiceError: `unsupported-encoding`, PyAV is not installed.
        """
        try:
            with needs_extra("media", "opus"):
                import av
        except ServiceError as missing:
            raise ServiceError(ErrorCode.UNSUPPORTED_ENCODING, missing.text) from None
        self._av = av
        self._decoder: Any = av.CodecContext.create("libopus", "r")
        self._decoder.sample_rate = self.format.rate_hz
        self._decoder.layout = "mono"

    def decode(self, packet: bytes) -> bytes:
        """Returns the samples of a packet in `format`; for a worker.

        Raises:
            ServiceError: `audio-invalid`, it is no packet.
        """
        if not 0 < len(packet) <= MAX_PACKET_BYTES:
            raise ServiceError(ErrorCode.AUDIO_INVALID, _not_opus(packet))
        try:
            frames = self._decoder.decode(self._av.Packet(packet))
        except (self._av.error.FFmpegError, ValueError):
            raise ServiceError(ErrorCode.AUDIO_INVALID, _not_opus(packet)) from None
        return b"".join(frame.to_ndarray().tobytes() for frame in frames)


def _not_opus(packet: bytes) -> str:
    return f"a message of {len(packet)} bytes is no Opus packet"
