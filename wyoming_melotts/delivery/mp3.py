"""The first frame of an MP3 that LAME writes, which is no audio.

It is for the length of the file, and until the file's end says that there is nothing. Format: ISO
11172-3 and 13818-3, layer III.
"""

from collections.abc import Mapping

_TAGS = (b"Xing", b"Info")
_HEADER_BYTES = 4
_TAG_BYTES = 64
"""Within so many the tag begins."""

_MPEG_1 = 3
_RATES_HZ: Mapping[int, tuple[int, ...]] = {
    _MPEG_1: (44_100, 48_000, 32_000),
    2: (22_050, 24_000, 16_000),
    0: (11_025, 12_000, 8_000),
}
"""By the version in the header: MPEG 1, 2 and 2.5."""

_KILOBITS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KILOBITS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


class InfoFrameFilter:
    """Takes that frame out of a stream of bytes."""

    def __init__(self) -> None:
        self._held: bytes | None = b""
        """The beginning, until it is known to the end of its first frame."""

    def push(self, data: bytes) -> bytes:
        """Returns what of the stream may leave."""
        if self._held is None:
            return data
        held = self._held + data
        length = _frame_bytes(held) if len(held) >= _HEADER_BYTES else _HEADER_BYTES
        if len(held) < length:
            self._held = held
            return b""
        self._held = None
        return held[length:] if any(tag in held[:_TAG_BYTES] for tag in _TAGS) else held


def _frame_bytes(header: bytes) -> int:
    """The length of the frame that begins with this header."""
    version = header[1] >> 3 & 3
    kilobits = (_KILOBITS_1 if version == _MPEG_1 else _KILOBITS_2)[header[2] >> 4]
    rate_hz = _RATES_HZ[version][header[2] >> 2 & 3]
    samples_in_bytes = 144 if version == _MPEG_1 else 72
    return samples_in_bytes * kilobits * 1000 // rate_hz + (header[2] >> 1 & 1)
