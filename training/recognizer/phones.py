"""The phone symbols that the middle of the network learns; they take no part in recognition."""

import json
from collections.abc import Iterable
from pathlib import Path

_TONES = "↓→↗↘"
_UNHEARD = "ˈˌː"
_FILE = "phones.json"


def symbols(phonemes: str) -> list[str]:
    """misaki's symbols without stress, length, pauses and marks; Mandarin's tones are arrows."""
    return [c for c in phonemes if (c.isalpha() or c in _TONES) and c not in _UNHEARD]


def write(folder: Path, phonemes: Iterable[str]) -> None:
    """Number the symbols of `phonemes` into `folder`."""
    known = sorted({symbol for one in phonemes for symbol in symbols(one)})
    (folder / _FILE).write_text(json.dumps(known, ensure_ascii=False) + "\n", "utf-8")


class Phones:
    """Phonemes to ids; 0 is CTC's blank."""

    def __init__(self, folder: Path) -> None:
        known = json.loads((folder / _FILE).read_text("utf-8"))
        self._ids = {symbol: number for number, symbol in enumerate(known, start=1)}

    def __len__(self) -> int:
        return len(self._ids) + 1

    def encode(self, phonemes: str) -> list[int]:
        """Ids of the symbols that are known."""
        return [self._ids[symbol] for symbol in symbols(phonemes) if symbol in self._ids]
