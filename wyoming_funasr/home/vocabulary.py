"""A recognizer's tokens as a language model sees them, and how a sentence is spelled with them."""

import math
import re
from collections.abc import Callable, Sequence

from wyoming_funasr.home.sounds import distance, phones
from wyoming_funasr.home.writing import ANYTHING, is_cjk

WORD_START = "▁"
"""How sentencepiece writes the space before a word."""

SILENT = 0
"""The class of tokens that say nothing: tags, punctuation, a lone space."""

_SAID = re.compile(r"[\w%°']")
_WORD = re.compile(rf"{ANYTHING}|[\u3400-\u9fff]|[^\s{ANYTHING}\u3400-\u9fff]+")
_NEAREST = 3
_MOST_REMEMBERED = 50_000
"""Words whose spellings are kept; then all are forgotten."""

_LIKE = 0.45
"""Largest distance of a character that may stand for one which the vocabulary lacks."""


class Vocabulary:
    """Tokens in classes: those that differ in letter case alone are one.

    Sentences become lists of classes. Where the model's own tokenizer is at hand (`encode`: text to
    pieces), it spells the words; else the best spelling is that with the most frequent pieces,
    as the order of the pieces tells.
    """

    def __init__(
        self, pieces: Sequence[str], encode: Callable[[str], Sequence[str]] | None = None
    ) -> None:
        texts = [_canonical(piece) for piece in pieces]
        self._ids: dict[str, int] = {}
        for text in texts:
            if text:
                self._ids.setdefault(text, len(self._ids) + 1)
        self.classes = [self._ids.get(text, SILENT) for text in texts]
        """The class of each token."""
        self.size = len(self._ids) + 1
        self.tokens: list[list[int]] = [[] for _ in range(self.size)]
        """The tokens of each class."""
        for token, one in enumerate(self.classes):
            self.tokens[one].append(token)
        self._encode = encode
        self._costs: dict[str, float] = {}
        for rank, text in enumerate(texts):
            if text:
                self._costs.setdefault(text, math.log(rank + 10))
        self._longest = max(map(len, self._costs), default=0)
        self._spellings: dict[str, tuple[tuple[int | None, ...], ...]] = {}
        self._han = [text for text in self._ids if len(text) == 1 and "\u3400" <= text <= "\u9fff"]
        self._nearest: dict[str, tuple[int, ...]] = {}

    def background(self) -> list[float]:
        """How probable each class is in text of any kind, from the order of the pieces alone."""
        shares = [0.0] * self.size
        for rank, one in enumerate(self.classes):
            if one != SILENT:
                shares[one] += 1 / (rank + 1_000)
        total = sum(shares) or 1.0
        return [share / total for share in shares]

    def spellings(self, word: str) -> tuple[tuple[int | None, ...], ...]:
        """Ways to spell a word (no spaces), the usual one first; None for what has no token."""
        if word not in self._spellings:
            if len(self._spellings) >= _MOST_REMEMBERED:
                self._spellings.clear()
            self._spellings[word] = self._spell(word)
        return self._spellings[word]

    def tokens_for(self, sentence: str) -> tuple[int, ...]:
        """A sentence as tokens in their usual spelling; what cannot be spelled is left out."""
        classes = [one for word in words_of(sentence) for one in self.spellings(word)[0]]
        return tuple(self.tokens[one][0] for one in classes if one is not None)

    def _spell(self, word: str) -> tuple[tuple[int | None, ...], ...]:
        found: list[tuple[int | None, ...]] = []
        if self._encode is not None:
            pieces = [_canonical(piece) for piece in self._encode(word)]
            ids = [self._ids.get(piece) for piece in pieces if piece]
            if ids and None not in ids:
                found.append(tuple(ids))
        runs = _runs(word)
        if not found:
            best = [self._cheapest(run) for run in runs]
            found.append(tuple(one for part in best for one in part))
        longest = tuple(one for run in runs for one in self._longest_match(run))
        sounding = [self._by_sound(found[0], word, choice) for choice in range(_NEAREST)]
        return tuple(dict.fromkeys([one for one in sounding if one] or [*found, longest]))

    def _cheapest(self, run: str) -> list[int | None]:
        """Viterbi: the pieces of least cost; None for a character without a piece."""
        costs = [0.0] + [math.inf] * len(run)
        back = [0] * (len(run) + 1)
        for end in range(1, len(run) + 1):
            for start in range(max(0, end - self._longest), end):
                cost = self._costs.get(run[start:end], 30.0 if end - start == 1 else math.inf)
                if costs[start] + cost < costs[end]:
                    costs[end], back[end] = costs[start] + cost, start
        pieces: list[int | None] = []
        end = len(run)
        while end:
            pieces.append(self._piece(run[back[end] : end]))
            end = back[end]
        return [piece for piece in reversed(pieces) if piece != SILENT]

    def _longest_match(self, run: str) -> list[int | None]:
        pieces: list[int | None] = []
        while run:
            size = next(
                (n for n in range(min(self._longest, len(run)), 1, -1) if run[:n] in self._ids), 1
            )
            pieces.append(self._piece(run[:size]))
            run = run[size:]
        return [piece for piece in pieces if piece != SILENT]

    def _piece(self, text: str) -> int | None:
        return SILENT if text == WORD_START else self._ids.get(text)

    def _by_sound(
        self, spelling: tuple[int | None, ...], word: str, choice: int
    ) -> tuple[int | None, ...] | None:
        """The spelling with like-sounding characters in place of those that are missing."""
        if None not in spelling or not all(map(is_cjk, word)) or len(spelling) != len(word):
            return None
        filled: list[int | None] = []
        for one, character in zip(spelling, word, strict=True):
            near = () if one is not None else self._nearest_sounding(character)
            filled.append(near[min(choice, len(near) - 1)] if near else one)
        return tuple(filled)

    def _nearest_sounding(self, character: str) -> tuple[int, ...]:
        if character not in self._nearest:
            if len(self._nearest) >= _MOST_REMEMBERED:
                self._nearest.clear()
            said = phones(character)[0]
            near = sorted((distance(said, phones(one)[0]), one) for one in self._han)[:_NEAREST]
            found = tuple(self._ids[one] for apart, one in near if apart <= _LIKE)
            self._nearest[character] = found
        return self._nearest[character]


def words_of(sentence: str) -> list[str]:
    """What is spelled by itself: each Chinese character, and each other word."""
    return _WORD.findall(sentence)


def _canonical(piece: str) -> str:
    """What a piece says; nothing for tags, punctuation and the lone space."""
    if piece.startswith("<") and piece.endswith(">"):
        return ""
    text = piece.lower()
    if is_cjk(text.lstrip(WORD_START)[:1]):
        text = text.lstrip(WORD_START)
    return text if _SAID.search(text.replace(WORD_START, "")) else ""


def _runs(word: str) -> list[str]:
    """A word as it is spelled: `▁` before Latin letters, Chinese characters without."""
    found: list[str] = []
    for character in word:
        if found and is_cjk(found[-1][-1]) == is_cjk(character):
            found[-1] += character
        else:
            found.append(character if is_cjk(character) else WORD_START + character)
    return found
