"""Cutting a text into the pieces that are synthesized one after the other."""

import re
from dataclasses import dataclass, field

from wyoming_melotts.frontends.cutting import cut_long

_STOPS = str.maketrans({"。": ".", "！": ".", "？": ".", "；": ".", "，": ","})
_QUOTES = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'"})
_QUOTES_AND_BRACKETS = re.compile(r'[<>()\[\]"«»]+')
_ONLY_PUNCTUATION = re.compile(r"[\s.,;:!?]*")
_MIN_LENGTH = 10
_DESIRED_LENGTH = 256
_MAX_LENGTH = 512
LONGEST_CJK_PIECE = 100
"""Characters: about 25 s of speech."""


def split_cjk(text: str) -> list[str]:
    """Pieces of 11 to 100 characters, cut after ``, . ! ? ;`` (Chinese, Japanese, Korean).

    Upstream has no longest piece; the memory that one takes grows with the square of its length.
    """
    text = re.sub(r"[\n\t ]+", " ", text.translate(_STOPS))
    clauses = [clause.strip() for clause in re.split(r"(?<=[,.!?;])", text)]
    if not clauses[-1]:
        clauses.pop()
    pieces: list[str] = []
    waiting: list[str] = []
    for index, clause in enumerate(clauses):
        waiting.append(clause)
        if sum(map(len, waiting)) > _MIN_LENGTH or index == len(clauses) - 1:
            pieces.append(" ".join(waiting))
            waiting = []
    return [part for piece in _join_short(pieces) for part in cut_long(piece, LONGEST_CJK_PIECE)]


def _join_short(pieces: list[str]) -> list[str]:
    """Pieces of one or two characters go to the piece after them, the last to the one before."""
    joined: list[str] = []
    for piece in pieces:
        if joined and len(joined[-1]) <= 2:
            joined[-1] += " " + piece
        else:
            joined.append(piece)
    if len(joined) > 1 and len(joined[-1]) <= 2:
        last = joined.pop()
        joined[-1] += " " + last
    return joined


def split_latin(text: str) -> list[str]:
    """Pieces of about 256, at most 512 characters, cut after sentences (EN, ES, FR)."""
    text = text.translate(_STOPS).translate(_QUOTES)
    text = _QUOTES_AND_BRACKETS.sub("", text)
    text = re.sub(r"\s+", " ", re.sub(r"([,.?!])", r"\1 ", re.sub(r"\s+", " ", text)))
    pieces = [piece.strip() for piece in _Cutter(text).pieces()]
    return [piece for piece in pieces if not _ONLY_PUNCTUATION.fullmatch(piece)]


@dataclass
class _Cutter:
    """Walks through a text and cuts where a sentence ends and the piece is long enough."""

    text: str
    start: int = 0
    stop: int = 0
    sentence_ends: list[int] = field(default_factory=list)

    def pieces(self) -> list[str]:
        done: list[str] = []
        while self.stop < len(self.text):
            self.stop += 1
            if self.stop - self.start >= _MAX_LENGTH:
                self._step_back()
                done.append(self._take())
            elif self._at_sentence_end():
                self._take_in_further_stops()
                self.sentence_ends.append(self.stop)
                if self.stop - self.start >= _DESIRED_LENGTH:
                    done.append(self._take())
        done.append(self._take())
        return done

    def _at_sentence_end(self) -> bool:
        char = self.text[self.stop - 1]
        return char in "!?" or (char in ".," and self._next() in ("", " "))

    def _take_in_further_stops(self) -> None:
        while self.stop < len(self.text) and self.stop - self.start < _MAX_LENGTH:
            if self._next() not in ("", "!", "?", "."):
                return
            self.stop += 1

    def _next(self) -> str:
        """The character ahead; upstream takes the last one of the text for none."""
        return self.text[self.stop] if self.stop < len(self.text) - 1 else ""

    def _step_back(self) -> None:
        """To the last end of a sentence, else to the last blank beyond the desired length."""
        if self.sentence_ends:
            self.stop = self.sentence_ends[-1]
            return
        while self.text[self.stop - 1] not in "!?. " and self.stop - self.start > _DESIRED_LENGTH:
            self.stop -= 1

    def _take(self) -> str:
        piece = self.text[self.start : self.stop]
        self.start = self.stop
        self.sentence_ends = []
        return piece
