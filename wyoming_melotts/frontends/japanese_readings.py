"""How Japanese words are read: katakana by MeCab and UniDic lite, with a table over it.

Upstream reads with pykakasi, whose license (GPL) does not go with this package's. UniDic knows the
word around a character where pykakasi does not (開けて, 二十五分); where UniDic lite cuts a word so
finely that its reading is lost, ``japanese_readings.tsv`` has it.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from threading import Lock
from typing import Any

_KANA = frozenset(map(chr, [*range(ord("ぁ"), ord("ゖ") + 1), *range(ord("ァ"), ord("ヿ") + 1)]))
_KATAKANA = {ord(char): ord(char) + 0x60 for char in _KANA if "ぁ" <= char <= "ゖ"}
_LONGEST_ENTRY = 3
"""Words of MeCab's that one entry of the table covers."""

_MECAB_LOCK = Lock()  # MeCab's words live until its next text


def to_katakana(text: str) -> str:
    """A text as it is read; characters without a reading stay as they are."""
    tagger, table = _tagger(), _table()
    with _MECAB_LOCK:
        words = [(word.surface, _reading(word)) for word in tagger(text)]
    return "".join(_with_table(words, table))


def _with_table(words: Sequence[tuple[str, str]], table: dict[str, str]) -> Iterator[str]:
    """The readings of words, the longest entry of the table first."""
    position = 0
    while position < len(words):
        for count in range(_LONGEST_ENTRY, 0, -1):
            following = words[position : position + count]
            entry = table.get("".join(surface for surface, _ in following))
            if entry is not None:
                break
        yield entry if entry is not None else following[0][1]
        position += len(following)


def _reading(word: Any) -> str:
    """Kana as written; the kana of the dictionary for what it knows."""
    surface = str(word.surface)
    known = None if _KANA.issuperset(surface) else word.feature.kana
    return str(known) if known and known != "*" else surface.translate(_KATAKANA)


@cache
def _table() -> dict[str, str]:
    file = resources.files(__package__).joinpath("japanese_readings.tsv")
    return dict(line.split("\t") for line in file.read_text(encoding="utf-8").splitlines())


@cache
def _tagger() -> Any:
    import fugashi
    import unidic_lite

    dictionary = Path(unidic_lite.DICDIR)
    return fugashi.Tagger(f'-d "{dictionary}" -r "{dictionary / "mecabrc"}"')
