"""Make MeCab's compiled dictionaries smaller without a change to what the services read.

The formats are those of MeCab's `Dictionary::compile` (a header, a double array of words, their
tokens, and their features as strings that end in NUL) and `Connector::compile` (the numbers of
right and left contexts, then a cost for each pair).
"""

import csv
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

_HEADER = struct.Struct("<10I32s")
_MAGIC = 0xEF718F77
_MATRIX_HEADER = struct.Struct("<2H")
_TOKEN = np.dtype(
    {
        "names": ["left", "right", "part_of_speech", "cost", "feature", "compound"],
        "formats": ["<u2", "<u2", "<u2", "<i2", "<u4", "<u4"],
    }
)


class Lexicon:
    """One compiled dictionary: the system's, or that of unknown words."""

    def __init__(self, file: Path) -> None:
        data = file.read_bytes()
        *self.numbers, self.charset = _HEADER.unpack_from(data)
        words_size, tokens_size = self.numbers[6:8]
        words_end = _HEADER.size + words_size
        self.words = data[_HEADER.size : words_end]
        self.tokens = np.frombuffer(data[words_end : words_end + tokens_size], _TOKEN).copy()
        self.features = data[words_end + tokens_size :]

    def keep_columns(self, columns: Sequence[int]) -> Self:
        """Empty the other columns of the features, and keep equal features once."""
        kept: dict[bytes, int] = {}
        size, offsets = 0, {}
        for offset in np.unique(self.tokens["feature"]).tolist():
            line = self.features[offset : self.features.index(b"\0", offset)].decode()
            values = next(csv.reader([line]))
            short = ",".join(v if i in columns else "" for i, v in enumerate(values)).encode()
            if short not in kept:
                kept[short] = size
                size += len(short) + 1
            offsets[offset] = kept[short]
        self.tokens["feature"] = [offsets[offset] for offset in self.tokens["feature"].tolist()]
        self.features = b"".join(line + b"\0" for line in kept)
        return self

    def renumber(self, left: np.ndarray, right: np.ndarray) -> Self:
        """Give every token the new numbers of its contexts."""
        self.tokens["left"] = left[self.tokens["left"]]
        self.tokens["right"] = right[self.tokens["right"]]
        self.numbers[4:6] = [int(right.max()) + 1, int(left.max()) + 1]
        return self

    def write(self, file: Path) -> None:
        body = self.words + self.tokens.tobytes() + self.features
        self.numbers[0] = (_HEADER.size + len(body)) ^ _MAGIC
        self.numbers[8] = len(self.features)
        file.write_bytes(_HEADER.pack(*self.numbers, self.charset) + body)


def trim(folder: Path, columns: Sequence[int]) -> None:
    """Keep these columns of a dictionary's words, and merge the contexts that cost the same."""
    left, right = merge_contexts(folder / "matrix.bin")
    Lexicon(folder / "sys.dic").keep_columns(columns).renumber(left, right).write(
        folder / "sys.dic"
    )
    Lexicon(folder / "unk.dic").renumber(left, right).write(folder / "unk.dic")


def merge_contexts(file: Path) -> tuple[np.ndarray, np.ndarray]:
    """Merge left contexts, and right ones, that cost the same beside every other.

    Returns the new numbers of the left and of the right contexts, by their old ones. Every path
    through a text costs what it did, so that MeCab finds the same words.
    """
    data = file.read_bytes()
    rights, lefts = _MATRIX_HEADER.unpack_from(data)
    costs = np.frombuffer(data, "<i2", offset=_MATRIX_HEADER.size).reshape(lefts, rights)
    costs, left = _distinct(costs)
    across, right = _distinct(np.ascontiguousarray(costs.T))
    file.write_bytes(_MATRIX_HEADER.pack(len(across), len(costs)) + across.T.tobytes())
    return left, right


def _distinct(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows without repetition, in order (0 begins and ends a text), and each row's number."""
    kept: dict[bytes, int] = {}
    numbers: Any = [kept.setdefault(row.tobytes(), len(kept)) for row in rows]
    return np.frombuffer(b"".join(kept), rows.dtype).reshape(len(kept), -1), np.array(numbers)
