"""Ogg pages to the packets of their stream of Opus (RFC 3533, RFC 7845)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from wyoming_funasr.audio.opus.packets import HEAD, MAX_PACKET_BYTES, check_head, invalid

_MAGIC = b"OggS"
_HEADER = struct.Struct("<4sBBqIIIB")
"""Magic, version, flags, granule position, serial number, page number, checksum, segments."""

_CONTINUED, _FIRST = 1, 2
_FULL_SEGMENT = 255
"""A packet ends with the first segment that is shorter."""

_HEADERS = 2
"""Packets before the audio: `OpusHead` and `OpusTags`, which may be of any length."""


@dataclass(frozen=True)
class _Page:
    flags: int
    serial: int
    sizes: bytes
    """Of its segments."""
    body: bytes


class OggReader:
    """Reads one stream after the other, where a recorder was stopped and started again."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._packet = bytearray()
        self._serial: int | None = None
        """Of the stream of Opus."""
        self._headers_left = 0

    def packets(self, data: bytes) -> list[bytes]:
        """Returns the packets that the next bytes complete: see `PacketReader`."""
        self._data += data
        return [packet for page in self._pages() for packet in self._packets_of(page)]

    def _pages(self) -> Iterator[_Page]:
        while (page := self._next_page()) is not None:
            yield page

    def _next_page(self) -> _Page | None:
        if not self._data.startswith(_MAGIC[: len(self._data)]):
            raise invalid("it is no Ogg")
        if len(self._data) < _HEADER.size:
            return None
        _, _, flags, _, serial, _, _, count = _HEADER.unpack_from(self._data)
        begin = _HEADER.size + count
        sizes = bytes(self._data[_HEADER.size : begin])
        end = begin + sum(sizes)
        if len(self._data) < end:
            return None
        body = bytes(self._data[begin:end])
        del self._data[:end]
        return _Page(flags, serial, sizes, body)

    def _packets_of(self, page: _Page) -> Iterator[bytes]:
        if page.flags & _FIRST and page.body.startswith(HEAD):
            check_head(page.body)
            self._serial, self._headers_left = page.serial, _HEADERS
        if self._serial is None and not page.flags & _FIRST:
            raise invalid("there is no Opus in it")
        if page.serial != self._serial:
            return
        if not page.flags & _CONTINUED:
            self._packet.clear()
        at = 0
        for size in page.sizes:
            if not self._headers_left:
                self._packet += page.body[at : at + size]
            at += size
            if len(self._packet) > MAX_PACKET_BYTES:
                raise invalid("a packet is too long")
            if size < _FULL_SEGMENT:
                if self._packet:
                    yield bytes(self._packet)
                self._packet.clear()
                self._headers_left = max(0, self._headers_left - 1)
