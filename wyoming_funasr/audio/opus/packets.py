"""What containers of Opus have in common (RFC 7845)."""

from typing import Protocol

from wyoming_serving.errors import ErrorCode, ServiceError

MAX_PACKET_BYTES = 61_298
"""48 frames of 2.5 ms with 1275 bytes each, and their lengths (RFC 6716, 3.2)."""

HEAD = b"OpusHead"
_MAPPING_FAMILY_AT = 18


class PacketReader(Protocol):
    """Takes a container apart as it arrives; it keeps one packet, and what stands around it."""

    def packets(self, data: bytes) -> list[bytes]:
        """Returns the packets that the next bytes, cut anywhere, complete.

        Raises:
            ServiceError: `audio-invalid`; nothing that follows can be read.
        """


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
