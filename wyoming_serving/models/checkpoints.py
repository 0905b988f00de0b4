"""Reading the files that `torch.save` writes, without torch.

Format: a zip archive with the pickled structure in `NAME/data.pkl` and the bytes of each storage in
`NAME/data/KEY` (PyTorch 1.6 and later, `torch/serialization.py`), or one stream of pickles with the
storages behind them (before). The structure is interpreted by `tensor_pickle`, which runs nothing
that a file asks for. Tensors are read from the file one at a time, when they are asked for: a file
of any size costs no memory before that.
"""

import json
import math
import os
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.models.tensor_pickle import InvalidPickle, Storage, Tensor, read_pickle

Array = npt.NDArray[np.generic]

_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_PROTOCOL = 1001
_MOST_STRUCTURE_BYTES = 64 << 20
"""Structures of real checkpoints take a megabyte or two."""

_ITEM_TYPES = {
    "Float": "f4", "Double": "f8", "Half": "f2", "BFloat16": "u2", "Long": "i8", "Int": "i4",
    "Short": "i2", "Char": "i1", "Byte": "u1", "Bool": "?",
}  # fmt: skip
"""How numpy reads each kind of storage; it has no bfloat16, whose bits are the upper half of a
float32."""

_DAMAGED = (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, struct.error)
"""What `zipfile` raises where an archive is broken."""

_SAFE_KINDS = {
    "F64": "Double", "F32": "Float", "F16": "Half", "BF16": "BFloat16", "I64": "Long",
    "I32": "Int", "I16": "Short", "I8": "Char", "U8": "Byte", "BOOL": "Bool",
}  # fmt: skip
"""Kinds of storages by their names in `.safetensors` files."""

_WRAPPERS = ("state_dict", "model_state_dict", "model")


@dataclass(frozen=True)
class StoredTensor:
    """A tensor in a file."""

    file: Path
    name: str
    shape: tuple[int, ...]
    _tensor: Tensor
    _start: int
    _order: str

    def read(self) -> Array:
        """The tensor's values, in its own type; bfloat16 as float32.

        Raises:
            ServiceError: the file ends before them.
        """
        tensor, kind = self._tensor, self._tensor.storage.kind
        item = np.dtype(self._order + _ITEM_TYPES[kind])
        reach = 1 + sum((n - 1) * step for n, step in zip(self.shape, tensor.strides, strict=True))
        count = 0 if 0 in self.shape else reach
        start = self._start + tensor.offset * item.itemsize
        found = np.fromfile(self.file, item, count, offset=start)
        if len(found) < count:
            raise _invalid(self.file, f"it ends within tensor {self.name}")
        if kind == "BFloat16":
            found = (found.astype(np.uint32) << 16).view(np.float32)
        strides = [step * found.itemsize for step in tensor.strides]
        shaped = np.lib.stride_tricks.as_strided(found, self.shape, strides)
        return np.ascontiguousarray(shaped.astype(found.dtype.newbyteorder("="), copy=False))

    def read_float32(self) -> npt.NDArray[np.float32]:
        """The values of a tensor of any type as float32."""
        return self.read().astype(np.float32, copy=False)

    def map_float32(self) -> npt.NDArray[np.float32]:
        """The same values, left in the file where they are float32 in order: only what is used of
        them is read."""
        item = np.dtype(np.float32)
        in_order = _in_order(self.shape) == self._tensor.strides
        if self._tensor.storage.kind != "Float" or self._order != "<" or not in_order:
            return self.read_float32()
        offset = self._start + self._tensor.offset * item.itemsize
        return np.memmap(self.file, item, "r", offset, self.shape)


def _in_order(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of a tensor whose values lie one after the other."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def read_safetensors(file: Path) -> dict[str, StoredTensor]:
    """The tensors of a `.safetensors` file by name.

    Format: the length of a JSON object in 8 bytes, the object with the kind, shape and place of
    each tensor, then their bytes.

    Raises:
        ServiceError: `model-invalid`, with what is wrong.
    """
    try:
        with file.open("rb") as stream:
            size = struct.unpack("<Q", stream.read(8))[0]
            if size > _MOST_STRUCTURE_BYTES:
                raise InvalidPickle("its structure is too large")
            content = json.loads(stream.read(size))
        content.pop("__metadata__", None)
        available = os.path.getsize(file) - 8 - size
        tensors = {}
        for name, entry in content.items():
            shape, (start, end) = tuple(map(int, entry["shape"])), entry["data_offsets"]
            if not 0 <= start <= end <= available:
                raise InvalidPickle(f"it ends within tensor {name}")
            kind = _SAFE_KINDS.get(entry["dtype"], "")
            tensor = Tensor(Storage(name, kind), 0, shape, _in_order(shape))
            starts = {name: _Place(8 + size + start, end - start)}
            tensors[name] = _stored(file, name, tensor, starts, "<")
        return tensors
    except (OSError, struct.error, InvalidPickle) as error:
        raise _invalid(file, str(error) or type(error).__name__) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _invalid(file, f"its structure is broken ({error})") from None


def read_state_dict(
    file: Path, wrappers: tuple[str, ...] = _WRAPPERS, *, bare: bool = True
) -> dict[str, StoredTensor]:
    """The tensors of a checkpoint by name, wherever it keeps them.

    Args:
        file: What `torch.save` wrote.
        wrappers: Entries under which the tensors may lie; the first one that is there counts.
        bare: Whether they may also lie in the file without a wrapper.

    Raises:
        ServiceError: `model-invalid`, with what is wrong.
    """
    try:
        content, starts, order = _read_zip(file) if zipfile.is_zipfile(file) else _read_old(file)
        for wrapper in wrappers:
            if isinstance(content, Mapping) and wrapper in content:
                content = content[wrapper]
                bare = True
                break
        if not bare:
            raise InvalidPickle(f"it has no entry {' or '.join(wrappers)}")
        if not isinstance(content, Mapping):
            raise InvalidPickle("it holds no tensors by name")
        tensors = {str(k): value for k, value in content.items() if isinstance(value, Tensor)}
        return {
            name: _stored(file, name, tensor, starts, order) for name, tensor in tensors.items()
        }
    except (InvalidPickle, OSError, *_DAMAGED) as error:
        raise _invalid(file, str(error) or type(error).__name__) from None


@dataclass(frozen=True)
class _Place:
    """Where a storage's bytes lie in the file."""

    start: int
    size: int


_Read = tuple[object, Mapping[str, _Place], str]
"""A file's structure, its storages by their keys, and the byte order as numpy writes it."""


def _stored(
    file: Path, name: str, tensor: Tensor, starts: Mapping[str, _Place], order: str
) -> StoredTensor:
    """A tensor whose every value lies within its storage."""
    storage = tensor.storage
    place = starts.get(storage.key)
    if place is None or storage.kind not in _ITEM_TYPES:
        raise InvalidPickle(f"tensor {name} has no values that can be read")
    available = place.size // np.dtype(_ITEM_TYPES[storage.kind]).itemsize
    steps = zip(tensor.shape, tensor.strides, strict=True)
    end = tensor.offset + 1 + sum((n - 1) * step for n, step in steps)
    count = 1
    for n in tensor.shape:
        count *= n
    if count and (end > available or count > available):
        raise InvalidPickle(f"tensor {name} does not fit into its values")
    return StoredTensor(file, name, tensor.shape, tensor, place.start, order)


def _read_zip(file: Path) -> _Read:
    with zipfile.ZipFile(file) as archive, file.open("rb") as stream:
        entries = {entry.filename: entry for entry in archive.infolist()}
        found = [name for name in entries if name.endswith("/data.pkl")]
        if len(found) != 1:
            raise InvalidPickle("it is not a checkpoint of torch")
        root = found[0].removesuffix("data.pkl")
        content = read_pickle(BytesIO(_content(stream, entries[found[0]])))
        written = entries.get(root + "byteorder")
        order = ">" if written and _content(stream, written).strip() == b"big" else "<"
        prefix = root + "data/"
        starts = {
            name.removeprefix(prefix): _Place(_start(stream, entry), entry.file_size)
            for name, entry in entries.items()
            if name.startswith(prefix) and entry.compress_type == zipfile.ZIP_STORED
        }
    return content, starts, order


def _content(stream: BinaryIO, entry: zipfile.ZipInfo) -> bytes:
    """A small entry's bytes, which torch never compresses."""
    if entry.compress_type != zipfile.ZIP_STORED or entry.file_size > _MOST_STRUCTURE_BYTES:
        raise InvalidPickle("its structure is compressed or too large")
    stream.seek(_start(stream, entry))
    content = stream.read(entry.file_size)
    if zlib.crc32(content) != entry.CRC:
        raise InvalidPickle("its structure is damaged")
    return content


def _start(stream: BinaryIO, entry: zipfile.ZipInfo) -> int:
    """Where an entry's bytes begin: behind its local header, whose last two fields are lengths."""
    stream.seek(entry.header_offset + 26)
    name, extra = struct.unpack("<HH", stream.read(4))
    return entry.header_offset + 30 + int(name) + int(extra)


def _read_old(file: Path) -> _Read:
    """The form before PyTorch 1.6: pickles one after the other, then the storages."""
    with file.open("rb") as stream:
        head = BytesIO(stream.read(_MOST_STRUCTURE_BYTES))
    if [read_pickle(head), read_pickle(head)] != [_MAGIC, _LEGACY_PROTOCOL]:
        raise InvalidPickle("it is not a checkpoint of torch")
    _system, content, keys = (read_pickle(head) for _ in range(3))
    if not isinstance(keys, list):
        raise InvalidPickle("it is not a checkpoint of torch")
    at = head.tell()
    kinds = {storage.key: storage.kind for storage in _storages(content)}
    starts: dict[str, _Place] = {}
    size = os.path.getsize(file)
    with file.open("rb") as stream:
        for key in map(str, keys):
            if kinds.get(key) not in _ITEM_TYPES:
                raise InvalidPickle(f"storage {key} is of no known kind")
            stream.seek(at)
            count = struct.unpack("<q", stream.read(8))[0]
            taken = count * np.dtype(_ITEM_TYPES[kinds[key]]).itemsize
            if count < 0 or at + 8 + taken > size:
                raise InvalidPickle("it ends within a storage")
            starts[key] = _Place(at + 8, taken)
            at += 8 + taken
    return content, starts, "<"


def _storages(content: object) -> list[Storage]:
    """Every storage in a structure; a structure may contain itself."""
    found: list[Storage] = []
    seen: set[int] = set()
    frontier = [content]
    while frontier:
        one = frontier.pop()
        if isinstance(one, Tensor):
            found.append(one.storage)
        elif isinstance(one, Storage):
            found.append(one)
        elif id(one) not in seen:
            seen.add(id(one))
            if isinstance(one, Mapping):
                frontier += one.values()
            elif isinstance(one, (list, tuple)):
                frontier += one
    return found


def _invalid(file: Path, reason: str) -> ServiceError:
    return ServiceError(
        ErrorCode.MODEL_INVALID, f"{file} cannot be read: {' '.join(reason.split())[:200]}"
    )
