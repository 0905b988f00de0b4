"""Cutting Chinese text into words, by jieba."""

import logging
import marshal
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import NamedTuple

with warnings.catch_warnings():
    # jieba asks for pkg_resources, which warns where setuptools still has it.
    warnings.simplefilter("ignore")
    import jieba
    import jieba.posseg

from wyoming_melotts.frontends.viterbi import viterbi

jieba.setLogLevel(logging.WARNING)
jieba.posseg.viterbi = viterbi


class Word(NamedTuple):
    """A word with jieba's part of speech."""

    text: str
    pos: str


def cut_words(text: str) -> list[Word]:
    """The words of a text."""
    _load_dictionary()
    return [Word(text, pos) for text, pos in jieba.posseg.lcut(text)]


def split_in_two(text: str) -> tuple[str, str]:
    """A word as two, one of them the shortest word that jieba finds in it.

    Where that lies in the middle, upstream's two parts overlap.
    """
    _load_dictionary()
    shortest = min(jieba.cut_for_search(text), key=len)
    if text.startswith(shortest):
        return shortest, text[len(shortest) :]
    return text[: -len(shortest)], shortest


@cache
def _load_dictionary() -> None:
    """Read the dictionary that jieba keeps in the temporary folder, in a third of jieba's time.

    jieba has `marshal` fetch each of its half million words from the file by a call of its own.
    """
    try:
        kept = (Path(tempfile.gettempdir()) / "jieba.cache").read_bytes()
        jieba.dt.FREQ, jieba.dt.total = marshal.loads(kept)
    except (OSError, EOFError, ValueError, TypeError):
        jieba.initialize()
    else:
        jieba.dt.initialized = True
