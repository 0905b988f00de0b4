"""WebM to the packets of its track of Opus, as browsers' recorders write it (RFC 8794, RFC 9559).

Elements are read in their order and not as a tree: a recorder does not know how long the ones that
hold others will be.
"""

from collections.abc import Iterator

from wyoming_funasr.audio.opus.packets import HEAD, MAX_PACKET_BYTES, check_head, invalid

_EBML = 0x1A45DFA3
_MAGIC = _EBML.to_bytes(4)
_TRACK_ENTRY, _TRACK_NUMBER, _CODEC, _CODEC_PRIVATE = 0xAE, 0xD7, 0x86, 0x63A2
_SIMPLE_BLOCK, _BLOCK = 0xA3, 0xA1

_ENTERED = frozenset({0x18538067, 0x1654AE6B, _TRACK_ENTRY, 0x1F43B675, 0xA0})
"""Whose content is read: the segment, its tracks and one of them, a cluster, a block group."""

_READ = frozenset({_EBML, _TRACK_NUMBER, _CODEC, _CODEC_PRIVATE, _SIMPLE_BLOCK, _BLOCK})

_OPUS = b"A_OPUS"
_MAX_ID_BYTES, _MAX_SIZE_BYTES = 4, 8
_BLOCK_HEADER_BYTES = 3
"""Behind the number of its track: a time and the flags."""
_LACING = 0x06
_MAX_READ_BYTES = MAX_PACKET_BYTES + _MAX_SIZE_BYTES + _BLOCK_HEADER_BYTES
"""What is longer is no packet of Opus, and left out."""


class WebmReader:
    """Reads one recording after the other, where a recorder was stopped and started again."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._skipping = 0
        """Bytes to come of an element that is left out."""
        self._is_begun = False
        self._entry: dict[int, bytes] = {}
        """Of the track that is being described."""
        self._track: int | None = None

    def packets(self, data: bytes) -> list[bytes]:
        """Returns the packets that the next bytes complete: see `PacketReader`."""
        self._data += data
        if not self._is_begun:
            if not self._data.startswith(_MAGIC[: len(self._data)]):
                raise invalid("it is no WebM")
            self._is_begun = len(self._data) >= len(_MAGIC)
        return [
            packet for kind, content in self._elements() for packet in self._take(kind, content)
        ]

    def _take(self, kind: int, content: bytes) -> Iterator[bytes]:
        if kind == _EBML:
            self._track = None
        elif kind == _TRACK_ENTRY:
            self._entry.clear()
        elif kind in (_SIMPLE_BLOCK, _BLOCK):
            yield from self._packet(content)
        elif kind in _READ:
            self._entry[kind] = content
            self._describe_track()

    def _describe_track(self) -> None:
        entry = self._entry
        if entry.get(_CODEC) != _OPUS or _TRACK_NUMBER not in entry:
            return
        if _CODEC_PRIVATE in entry and entry[_CODEC_PRIVATE].startswith(HEAD):
            check_head(entry[_CODEC_PRIVATE])
        if self._track is None:
            self._track = int.from_bytes(entry[_TRACK_NUMBER])

    def _packet(self, block: bytes) -> Iterator[bytes]:
        if self._track is None:
            raise invalid("there is no Opus in it")
        track = _number(block, 0, _MAX_SIZE_BYTES)
        if track is None or len(block) < track[1] + _BLOCK_HEADER_BYTES:
            raise invalid("a block is too short")
        number, at = track
        at += _BLOCK_HEADER_BYTES
        if number != self._track:
            return
        if block[at - 1] & _LACING:
            raise invalid("a block holds several packets")
        if at < len(block):
            yield block[at:]

    def _elements(self) -> Iterator[tuple[int, bytes]]:
        """The elements that are entered or read, with the content of the latter."""
        while self._skip() and (header := self._header()) is not None:
            kind, size, header_bytes = header
            if kind in _ENTERED:
                del self._data[:header_bytes]
                yield kind, b""
            elif size is None:
                raise invalid("an element has no length")
            elif kind in _READ and size <= _MAX_READ_BYTES:
                end = header_bytes + size
                if len(self._data) < end:
                    return
                content = bytes(self._data[header_bytes:end])
                del self._data[:end]
                yield kind, content
            else:
                del self._data[:header_bytes]
                self._skipping = size

    def _skip(self) -> bool:
        """Leave out what is to be left out; returns whether all of it was here."""
        here = min(self._skipping, len(self._data))
        del self._data[:here]
        self._skipping -= here
        return self._skipping == 0

    def _header(self) -> tuple[int, int | None, int] | None:
        """The next element's kind, its size (None: unknown) and its header's; None: incomplete."""
        kind = _number(self._data, 0, _MAX_ID_BYTES, with_marker=True)
        if kind is None:
            return None
        size = _number(self._data, kind[1], _MAX_SIZE_BYTES)
        if size is None:
            return None
        is_unknown = size[0] == (1 << 7 * size[1]) - 1
        return kind[0], None if is_unknown else size[0], kind[1] + size[1]


def _number(
    data: bytes | bytearray, at: int, most: int, *, with_marker: bool = False
) -> tuple[int, int] | None:
    """Returns a number of variable length and its length; None where it is incomplete.

    The zeros at its beginning say how many bytes follow the first (RFC 8794, 4).
    """
    if at >= len(data):
        return None
    length = 9 - data[at].bit_length()
    if length > most:
        raise invalid("a number is too long")
    if at + length > len(data):
        return None
    value = int.from_bytes(data[at : at + length])
    return value if with_marker else value & ((1 << 7 * length) - 1), length
