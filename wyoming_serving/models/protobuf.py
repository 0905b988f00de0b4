"""Protocol buffers as far as ONNX files need them (protobuf.dev/programming-guides/encoding)."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5
_FIXED = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}
_LONGEST_VARINT = 10


@dataclass(frozen=True)
class Field:
    """One field of a message in a file: its number, its number if it is one, where it lies."""

    number: int
    value: int
    first: int
    start: int
    end: int
    is_message: bool = False
    """Whether it is of a length of its own: bytes, text, a message, packed numbers."""

    def content(self, stream: BinaryIO) -> bytes:
        """What it holds."""
        stream.seek(self.start)
        return stream.read(self.end - self.start)

    def encoded(self, stream: BinaryIO) -> bytes:
        """The whole of it as it lies in the file."""
        stream.seek(self.first)
        return stream.read(self.end - self.first)

    def text(self, stream: BinaryIO) -> str:
        """What it holds, as text."""
        return self.content(stream).decode()


def fields(stream: BinaryIO, start: int, end: int) -> Iterator[Field]:
    """The fields of the message between two places of a file; the stream may move meanwhile.

    Raises:
        ValueError: there is no such message.
    """
    at = start
    while at < end:
        stream.seek(at)
        key = _read_varint(stream)
        number, wire = key >> 3, key & 7
        value = 0
        begin = stream.tell()
        if wire == _VARINT:
            value = _read_varint(stream)
            stop = stream.tell()
        elif wire == _LENGTH:
            length = _read_varint(stream)
            begin = stream.tell()
            stop = begin + length
        elif wire in _FIXED:
            stop = begin + _FIXED[wire]
        else:
            raise ValueError("it is no protocol buffer")
        if stop > end or number == 0:
            raise ValueError("it is no protocol buffer, or cut off")
        yield Field(number, value, at, begin, stop, wire == _LENGTH)
        at = stop


def integer_field(number: int, value: int) -> bytes:
    """A whole number; negative ones as 64 bits."""
    return _key(number, _VARINT) + _varint(value & (2**64 - 1))


def float_field(number: int, encoded: bytes) -> bytes:
    """A number of four bytes, little endian."""
    return _key(number, _FOUR_BYTES) + encoded


def text_field(number: int, value: str) -> bytes:
    """Text."""
    return bytes_field(number, value.encode())


def bytes_field(number: int, value: bytes) -> bytes:
    """Bytes, or a message."""
    return _key(number, _LENGTH) + _varint(len(value)) + value


def packed_integers(content: bytes) -> list[int]:
    """The numbers of a packed repeated field."""
    stream = BytesIO(content)
    numbers = []
    while stream.tell() < len(content):
        numbers.append(_read_varint(stream))
    return numbers


def external_data(location: str, offset: int, length: int) -> bytes:
    """The fields of ONNX's TensorProto that say where its values lie."""
    place = {"location": location, "offset": str(offset), "length": str(length)}
    entries = (
        bytes_field(13, text_field(1, key) + text_field(2, value)) for key, value in place.items()
    )
    return b"".join(entries) + integer_field(14, 1)


def _read_varint(stream: BinaryIO) -> int:
    value = 0
    for place in range(_LONGEST_VARINT):
        byte = stream.read(1)
        if not byte:
            raise ValueError("it is cut off")
        value |= (byte[0] & 127) << 7 * place
        if byte[0] < 128:
            return value
    raise ValueError("it is no protocol buffer")


def _key(number: int, wire: int) -> bytes:
    return _varint(number << 3 | wire)


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    parts.append(value)
    return bytes(parts)
