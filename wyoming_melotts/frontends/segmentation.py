"""Cutting Chinese text into words, by jieba."""

import logging
import warnings
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
    return [Word(text, pos) for text, pos in jieba.posseg.lcut(text)]


def split_in_two(text: str) -> tuple[str, str]:
    """A word as two, one of them the shortest word that jieba finds in it.

    Where that lies in the middle, upstream's two parts overlap.
    """
    shortest = min(jieba.cut_for_search(text), key=len)
    if text.startswith(shortest):
        return shortest, text[len(shortest) :]
    return text[: -len(shortest)], shortest
