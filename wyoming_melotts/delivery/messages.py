"""Audio that goes in messages: PCM, or a packet of Opus in each, by way of libopus in PyAV."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from wyoming_melotts.delivery.encoding import Encoder, PcmEncoder
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.extras import needs_extra

MessageEncoding = Literal["pcm16", "opus"]
"""What is in a message: 16-bit little-endian mono PCM, or one packet of Opus (RFC 6716)."""

OPUS_HZ = 48_000
"""At which every stream of Opus may be decoded, whatever it was made of."""

_PACKET_SAMPLES = 960
"""Of 20 ms, as WebRTC sends them."""

_BITS_PER_SECOND = 40_000
"""Of the 28 to 40 kbit/s that RFC 7587 (3.1.1) calls the sweet spot for speech of full band."""


class MessageEncoder(Encoder, Protocol):
    """Encodes audio of which each piece is a message."""

    def seconds(self, piece: bytes) -> float:
        """Returns how long the audio in a piece lasts."""


def make_message_encoder(encoding: MessageEncoding, from_hz: int, to_hz: int) -> MessageEncoder:
    """Returns an encoder of audio of `from_hz`; PCM comes at `to_hz`, Opus at its own rate.

    Raises:
        ServiceError: `unsupported-encoding`, the library for Opus is not installed.
    """
    return PcmEncoder(from_hz, to_hz) if encoding == "pcm16" else _OpusEncoder(from_hz)


class _OpusEncoder:
    """Encodes packets of 20 ms."""

    def __init__(self, from_hz: int) -> None:
        try:
            with needs_extra("media", "opus"):
                import av
        except ServiceError as missing:
            raise ServiceError(ErrorCode.UNSUPPORTED_ENCODING, missing.text) from None
        self._av = av
        self._pcm = PcmEncoder(from_hz, OPUS_HZ)
        self._rest = b""
        self._position = 0
        self._encoder: Any = av.CodecContext.create("libopus", "w")
        self._encoder.sample_rate, self._encoder.format = OPUS_HZ, "s16"
        self._encoder.layout = "mono"
        self._encoder.bit_rate = _BITS_PER_SECOND
        self._encoder.options = {"application": "voip", "frame_duration": "20"}

    def encode(self, pcm: bytes, *, last: bool = False) -> Sequence[bytes]:
        """Returns the packets that the next PCM completes: see `Encoder`."""
        data = self._rest + b"".join(self._pcm.encode(pcm, last=last))
        whole = len(data) if last else len(data) - len(data) % (2 * _PACKET_SAMPLES)
        self._rest = data[whole:]
        samples = np.frombuffer(data[:whole], "<i2")
        packets = [packet for frame in self._frames(samples) for packet in self._packets(frame)]
        if last and self._position:
            packets += self._packets(None)
        return packets

    def seconds(self, _: bytes) -> float:
        """Returns how long the audio in a packet lasts."""
        return _PACKET_SAMPLES / OPUS_HZ

    def _frames(self, samples: npt.NDArray[np.int16]) -> Iterator[Any]:
        for start in range(0, len(samples), _PACKET_SAMPLES):
            part = samples[None, start : start + _PACKET_SAMPLES]
            frame = self._av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
            frame.sample_rate, frame.pts = OPUS_HZ, self._position
            self._position += part.shape[1]
            yield frame

    def _packets(self, frame: Any) -> list[bytes]:
        return [bytes(packet) for packet in self._encoder.encode(frame)]
