"""ct-punc: FunASR's punctuation model for text without any.

Text: FunASR, `funasr/models/ct_transformer/model.py` (`inference`) and `utils.py`.
"""

import re
from collections.abc import Sequence
from typing import Protocol

from wyoming_funasr.engines.folder import ModelFolder

_WORDS = re.compile(r"[!-~]+|[^\x00-\x7f]")
"""A word of ASCII characters, or any other character."""

_NONE = "_"
_COMMAS = "，、,"
_ENDS = ("。", "？")
_ASCII_MARKS = {"，": ",", "。": ".", "？": "?"}
_WORDS_AT_ONCE = 20
_MOST_WORDS_IN_SENTENCE = 200
_UNKNOWN = "<unk>"

Marked = list[tuple[str, str]]
"""Words, and the mark behind each."""


class PunctuationNetwork(Protocol):
    """Says which mark is behind each word."""

    def marks(self, ids: Sequence[int]) -> list[int]:
        """The mark behind each word, by its place in `punc_list`."""


class Punctuation:
    """Puts commas, stops and question marks into Chinese and English text."""

    def __init__(self, folder: ModelFolder, network: PunctuationNetwork) -> None:
        self._network = network
        self._marks: list[str] = list(folder.section("model_conf")["punc_list"])
        self._ids = {word: i for i, word in enumerate(folder.vocabulary)}
        self._unknown = self._ids.get(_UNKNOWN, len(self._ids) - 1)

    def punctuate(self, text: str) -> str:
        """The text with punctuation; blank text stays as it is."""
        words = _WORDS.findall(text)
        if not words:
            return text
        written = "".join(_written(part) for part in self._parts(words))
        return _ended(written)

    def _parts(self, words: list[str]) -> list[Marked]:
        """Words with their marks: some at a time, each time from where a sentence begins."""
        parts: list[Marked] = []
        waiting: list[str] = []
        for start in range(0, len(words), _WORDS_AT_ONCE):
            waiting = waiting + words[start : start + _WORDS_AT_ONCE]
            found = self._network.marks([self._ids.get(word, self._unknown) for word in waiting])
            marked = list(zip(waiting, (self._marks[i] for i in found), strict=True))
            if start + _WORDS_AT_ONCE < len(words):
                marked = _whole_sentences(marked)
            waiting = waiting[len(marked) :]
            parts.append(marked)
        return parts


def _whole_sentences(marked: Marked) -> Marked:
    """The words up to the last sentence's end; a very long sentence ends at its last comma."""
    places = range(len(marked) - 2, 1, -1)
    end = next((i for i in places if marked[i][1] in _ENDS), None)
    if end is not None:
        return marked[: end + 1]
    comma = next((i for i in places if marked[i][1] == "，"), None)
    if comma is None or len(marked) <= _MOST_WORDS_IN_SENTENCE:
        return []
    return [*marked[:comma], (marked[comma][0], "。")]


def _written(marked: Marked) -> str:
    text = ""
    for i, (word, mark) in enumerate(marked):
        begins = i == 0 or marked[i - 1][1] in _ENDS
        written = word.capitalize() if begins and word[0].isascii() else word
        if word[0].isascii() and (i == 0 or marked[i - 1][0][0].isascii()):
            text += " "
        text += written
        if mark != _NONE:
            text += _ASCII_MARKS.get(mark, mark) if word[0].isascii() else mark
    return text


def _ended(text: str) -> str:
    """The text with a stop at its end."""
    last = text[-1]
    if last in _COMMAS:
        return text[:-1] + ("." if last == "," else "。")
    if last in "。？" or last in ".?":
        return text
    return text + ("." if last.isascii() else "。")
