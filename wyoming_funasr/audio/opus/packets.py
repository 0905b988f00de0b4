"""Packets of Opus (RFC 6716), and what their containers have in common (RFC 7845)."""

from typing import Protocol

from wyoming_serving.errors import ErrorCode, ServiceError

MAX_PACKET_BYTES = 61_298
"""48 frames of 2.5 ms with 1275 bytes each, and their lengths (RFC 6716, 3.2)."""

RATE_HZ = 48_000
"""At which every stream may be decoded."""

_SILK_SAMPLES, _HYBRID_SAMPLES, _CELT_SAMPLES = (
    (480, 960, 1920, 2880),
    (480, 960),
    (120, 240, 480, 960),
)
"""Of one frame by the lowest bits of the configuration (RFC 6716, table 2)."""
_FIRST_HYBRID, _FIRST_CELT = 12, 16
_MAX_PACKET_SAMPLES = 120 * RATE_HZ // 1000

HEAD = b"OpusHead"
_MAPPING_FAMILY_AT = 18


class PacketReader(Protocol):
    """Takes a container apart as it arrives; it keeps one packet, and what stands around it."""

    def packets(self, data: bytes) -> list[bytes]:
        """Returns the packets that the next bytes, cut anywhere, complete.

        Raises:
            ServiceError: `audio-invalid`; nothing that follows can be read.
        """


def packet_samples(packet: bytes) -> int:
    """Returns how many samples at `RATE_HZ` a packet holds, by its first bytes (RFC 6716, 3.1).

    Raises:
        ValueError: it cannot be a packet.
    """
    if not packet:
        raise ValueError("an empty packet")
    configuration, code = packet[0] >> 3, packet[0] & 3
    if configuration < _FIRST_HYBRID:
        samples = _SILK_SAMPLES[configuration % 4]
    elif configuration < _FIRST_CELT:
        samples = _HYBRID_SAMPLES[configuration % 2]
    else:
        samples = _CELT_SAMPLES[configuration % 4]
    frames = (1, 2, 2, packet[1] & 0x3F if len(packet) > 1 else 0)[code]
    if not 0 < frames * samples <= _MAX_PACKET_SAMPLES:
        raise ValueError("a packet holds up to 120 ms")
    return frames * samples


def check_head(head: bytes) -> None:
    """Check the header of a stream.

    Raises:
        ServiceError: `audio-invalid`, a packet of it holds more than mono or stereo.
    """
    if head[_MAPPING_FAMILY_AT : _MAPPING_FAMILY_AT + 1] != b"\0":
        raise invalid("its Opus must be mono or stereo")


def invalid(why: str) -> ServiceError:
    """Returns the error of a container that cannot be read."""
    return ServiceError(ErrorCode.AUDIO_INVALID, f"the container cannot be read: {why}")
