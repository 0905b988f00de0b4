"""Cutting text into sentences while it arrives, each character looked at a bounded number of times.

The rules are those of the sentence-stream package, which Home Assistant's own services use: Chinese
stops and blank lines end a sentence; a Latin stop ends one where blanks and a capital, a letter
without case or a numbered item follow, unless it may belong to an abbreviation (Mr., J.).
"""

import re
from collections.abc import Iterator
from unicodedata import category

from wyoming_melotts.frontends.cutting import best_cut, cut_long

LONGEST_SENTENCE = 400
"""Characters; what is longer is cut where it hurts least. It bounds the work of one step: rules and
dictionaries of the languages take more than linear time for a few texts."""

_CANDIDATE = re.compile(r"(?:\r?\n){2}|[.!?…؟।॥。！？]")
_BLANK_LINES = re.compile(r"(?:\r?\n){2,}+")
_LATIN_END = re.compile(r"[.!?…؟।॥]++['\")\]}’”»]*+")
_LATIN_STOPS = re.compile(r"[.!?؟।॥]++")
_CHINESE_END = re.compile(r"[。！？…]++[”’」』）》】〕〉]*+")
_BLANKS = re.compile(r"\s++")
_NUMBERED_ITEM = re.compile(r"\d++[.)]{1,2}\s")
_BEGUN_ITEM = re.compile(r"\d++[.)]{0,2}\Z")
_ABBREVIATION = re.compile(r"(?<!\w)[^\W\d_]{1,3}\.\Z")
_FIRST_LETTERS = ("Lu", "Lt", "Lo")
_EMPHASIS = re.compile(r"(?<!\*)\*++([^*]++)\*++")
_BULLET = re.compile(r"^[^\S\n]*+\*++", re.MULTILINE)


class SentenceCutter:
    """Yields each sentence as soon as it is complete."""

    def __init__(self) -> None:
        self._text = ""
        """What has come and is in no sentence yet."""
        self._looked_at = 0
        """Before it no sentence ends."""
        self._ends_nothing = 0
        """Where a run of Latin stops ends that is known not to end a sentence."""

    def push(self, text: str) -> Iterator[str]:
        """The sentences that `text` completes, each cut when it is asked for."""
        self._text += text
        start = 0
        while (end := self._next_end(start)) is not None:
            yield from _tidy(self._text[start:end])
            start = self._looked_at = end
        self._text = self._text[start:]
        self._looked_at -= start
        self._ends_nothing -= start

    def finish(self) -> Iterator[str]:
        """What is left."""
        rest, self._text, self._looked_at, self._ends_nothing = self._text, "", 0, 0
        for part in cut_long(rest, LONGEST_SENTENCE):
            yield from _tidy(part)

    def _next_end(self, start: int) -> int | None:
        """Where the next sentence ends; None while what has come does not tell."""
        text = self._text
        limit = start + LONGEST_SENTENCE
        while (candidate := _CANDIDATE.search(text, self._looked_at, limit)) is not None:
            at = candidate.start()
            self._looked_at = at
            if blank_lines := _BLANK_LINES.match(text, at):
                return blank_lines.end()
            if at >= self._ends_nothing and (latin := _LATIN_END.match(text, at)):
                follows = _sentence_follows(text, latin.end())
                if follows is None:
                    return None
                if follows and not _ends_in_abbreviation(
                    text[max(start, latin.end() - 5) : latin.end()]
                ):
                    return latin.end()
                self._ends_nothing = latin.end()
            if chinese := _CHINESE_END.match(text, at):
                # more of its quotation marks may come
                return chinese.end() if chinese.end() < len(text) else None
            stops = _LATIN_STOPS.match(text, at)
            assert stops is not None
            self._looked_at = stops.end()
        if len(text) > limit:
            return start + best_cut(text[start:limit], LONGEST_SENTENCE)
        self._looked_at = max(self._looked_at, len(text) - 3)  # half a blank line may be there
        return None


def cut_sentences(text: str) -> list[str]:
    """The sentences of a whole text."""
    cutter = SentenceCutter()
    return [*cutter.push(text), *cutter.finish()]


def _sentence_follows(text: str, end: int) -> bool | None:
    """Whether a new sentence begins behind a stop; None while the text does not tell."""
    blanks = _BLANKS.match(text, end)
    first = blanks.end() if blanks else end
    if _BLANK_LINES.search(text, end, first):
        return True
    if first == len(text):
        return None
    if not blanks:
        return False
    if category(text[first]) in _FIRST_LETTERS or _NUMBERED_ITEM.match(text, first):
        return True
    return None if _BEGUN_ITEM.match(text, first) else False


def _ends_in_abbreviation(text: str) -> bool:
    found = _ABBREVIATION.search(text)
    return found is not None and category(found[0][0]) == "Lu"


def _tidy(sentence: str) -> Iterator[str]:
    """The sentence without Markdown's emphasis and bullets, unless nothing is left."""
    sentence = _BULLET.sub("", _EMPHASIS.sub(r"\1", sentence.strip()))
    if sentence:
        yield sentence
