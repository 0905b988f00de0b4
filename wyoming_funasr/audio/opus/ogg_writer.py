"""Packets of Opus to an Ogg file (RFC 3533, RFC 7845)."""

import struct
import zlib
from collections.abc import Sequence

from wyoming_funasr.audio.opus.packets import HEAD, RATE_HZ, packet_samples

_FIRST, _LAST = 2, 4
"""Flags of a page."""
_CHECKSUM_AT = 22
_FULL_SEGMENT = 255

_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def ogg_file(packets: Sequence[bytes], skipped: int) -> bytes:
    """Returns a file of one mono stream, a page for each packet.

    A player leaves out the first `skipped` samples (at 48 kHz, 65535 at most).
    """
    head = HEAD + struct.pack("<BBHIhB", 1, 1, skipped, RATE_HZ, 0, 0)
    no_tags = b"OpusTags" + bytes(8)
    pages = [_page(head, 0, 0, _FIRST), _page(no_tags, 0, 1, 0)]
    end = 0
    for number, packet in enumerate(packets, start=1):
        end += packet_samples(packet)
        pages.append(_page(packet, end, number + 1, _LAST if number == len(packets) else 0))
    return b"".join(pages)


def _page(packet: bytes, granule: int, number: int, flags: int) -> bytes:
    """A page of one whole packet, of less than 65025 bytes."""
    full, rest = divmod(len(packet), _FULL_SEGMENT)
    sizes = bytes([_FULL_SEGMENT] * full + [rest])
    header = struct.pack("<4sBBqIIIB", b"OggS", 0, flags, granule, 1, number, 0, len(sizes))
    page = header + sizes + packet
    after = _CHECKSUM_AT + 4
    return page[:_CHECKSUM_AT] + _checksum(page) + page[after:]


def _checksum(page: bytes) -> bytes:
    """Ogg's CRC-32: zlib's with the bits of each byte, and of the result, in the other order."""
    register = zlib.crc32(page.translate(_REVERSED), 0xFFFF_FFFF) ^ 0xFFFF_FFFF
    return register.to_bytes(4, "big").translate(_REVERSED)
