"""From the words of a voice back to the text that was written."""

import re
from collections.abc import Iterator

_FAR = 4
"""Tokens of the text that a voice may say otherwise (`21`, `km/h`) before a word that it shares."""
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_TOKEN = re.compile(rf"([{_CJK}]|[^\W{_CJK}]+(?:['’\-][^\W{_CJK}]+)*)[^\w]*|[^\w]+")


class Alignment:
    """Gives each word that is spoken the stretch of text that it says; together they are all of it.

    Voices say words normalized: `twenty` and `one` for `21`. The first of those gets the text, the
    others get none.
    """

    def __init__(self) -> None:
        self._tokens: list[tuple[str, str]] = []
        self._is_inside = False

    def add(self, sentence: str) -> str:
        """Take a sentence that begins to be spoken; returns text that no word of the last had."""
        left = self.rest()
        self._tokens = list(_tokens(sentence))
        return left

    def written(self, spoken: str) -> str:
        """Returns the text that the next word says."""
        for at, (token, _) in enumerate(self._tokens[:_FAR]):
            if token == _bare(spoken):
                self._is_inside = False
                return self._take(at + 1)
        if self._is_inside or not self._tokens:
            return ""
        self._is_inside = True
        return self._take(1)

    def rest(self) -> str:
        """Returns what is left of the sentence."""
        self._is_inside = False
        return self._take(len(self._tokens))

    def _take(self, count: int) -> str:
        taken, self._tokens = self._tokens[:count], self._tokens[count:]
        return "".join(text for _, text in taken)


def _tokens(sentence: str) -> Iterator[tuple[str, str]]:
    """The words of a text, bare and with the signs and spaces behind them."""
    for found in _TOKEN.finditer(sentence):
        yield _bare(found[1] or ""), found[0]


def _bare(word: str) -> str:
    return word.casefold().replace("’", "'")
