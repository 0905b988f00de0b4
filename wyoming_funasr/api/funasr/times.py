"""Times of a text as FunASR's clients read them: one pair for each thing that they count.

Source: `handleWithTimestamp` in runtime/html5/static/main.js of FunASR, which looks up the time of
each part of a sentence by counting, and fails where there are fewer times than it counts.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypedDict

from wyoming_funasr.recognition.types import Word

_COUNTED = re.compile(r"[^。？，、?.,\s]+")
"""Between these marks, English letters alone count as one word, all else by characters."""

_LETTERS = re.compile(r"[a-zA-Z]+")
_SENTENCE = re.compile(r"([^。？！，、；?!,.;]+)([。？！，、；?!,.;]?)")

_REACH = 200
"""Characters in which the next word of a text is looked for."""


@dataclass(frozen=True)
class Unit:
    """What counts as one, with its times in milliseconds."""

    text: str
    start_ms: int
    end_ms: int
    position: int
    """In the whole text."""


class TimedSentence(TypedDict):
    """A sentence as the protocol has it."""

    text_seg: str
    punc: str
    start: int
    end: int
    ts_list: list[list[int]]


@dataclass(frozen=True)
class TimedText:
    """A text and its units."""

    text: str
    units: Sequence[Unit]

    @property
    def timestamp(self) -> str:
        """As `[[100,200],[200,500]]`."""
        return _listed(self._pairs(self.units))

    @property
    def sentences(self) -> list[TimedSentence]:
        """What stands in `stamp_sents`."""
        listed: list[TimedSentence] = []
        left = list(reversed(self.units))
        for sentence in _SENTENCE.finditer(self.text):
            units: list[Unit] = []
            while left and left[-1].position < sentence.end(1):
                unit = left.pop()
                if unit.position >= sentence.start():  # marks between sentences count, too
                    units.append(unit)
            if units:
                listed.append(
                    {
                        "text_seg": " ".join(unit.text for unit in units),
                        "punc": sentence[2],
                        "start": units[0].start_ms,
                        "end": units[-1].end_ms,
                        "ts_list": self._pairs(units),
                    }
                )
        return listed

    @staticmethod
    def _pairs(units: Sequence[Unit]) -> list[list[int]]:
        return [[unit.start_ms, unit.end_ms] for unit in units]


def timed(text: str, words: Sequence[Word]) -> TimedText:
    """Returns a text with the times of its words; without words it has no units."""
    if not words:
        return TimedText(text, ())
    times = _times(text, words)
    units: list[Unit] = []
    for part in _COUNTED.finditer(text):
        spans = [part.span()]
        if not _LETTERS.fullmatch(part[0]):
            spans = [(at, at + 1) for at in range(*part.span())]
        units += (Unit(text[a:b], times[a][0], times[b - 1][1], a) for a, b in spans)
    return TimedText(text, units)


def _times(text: str, words: Sequence[Word]) -> list[tuple[int, int]]:
    """Returns the times of each character: a share of its word's, or where the last word ended."""
    times: list[tuple[int, int]] = []
    end_ms = words[0].start_ms
    sought = text.lower()
    if len(sought) != len(text):
        sought = text
    for word in words:
        reach = len(times) + len(word.text) + _REACH
        at = sought.find(word.text.lower(), len(times), reach)
        if not word.text or at < 0:
            continue
        times += [(end_ms, end_ms)] * (at - len(times))
        length, duration = len(word.text), word.end_ms - word.start_ms
        edges = [word.start_ms + duration * i // length for i in range(length + 1)]
        times += pairwise(edges)
        end_ms = word.end_ms
    return times + [(end_ms, end_ms)] * (len(text) - len(times))


def _listed(pairs: list[list[int]]) -> str:
    return "[" + ",".join(f"[{start},{end}]" for start, end in pairs) + "]"
