"""CTC decoding: the best token of each frame, and the tree of hotwords that a search leans on.

CTC: Graves et al., 2006. A hotword earns a bonus for every character of it as it is spelled, taken
back when the word is left unfinished.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from wyoming_funasr.recognition.hotwords import Hotword

LogProbs = npt.NDArray[np.float32]
"""Log posteriors, shape [frames, vocabulary]."""

WORD_START = "▁"
"""How sentencepiece writes the space before a word."""

_LATIN_SHARE = 0.2
"""Bonus of a letter against that of a CJK character, which says as much as about five letters."""


@dataclass(frozen=True)
class AlignedToken:
    """A decoded token, its first frame, the frame behind its last, and its posterior (0 to 1)."""

    token: int
    start: int
    end: int
    posterior: float


def greedy(log_probs: LogProbs, blank: int) -> list[AlignedToken]:
    """The best token of each frame, repeats merged and blanks dropped."""
    best = log_probs.argmax(axis=1)
    edges = np.flatnonzero(np.diff(best, prepend=-1, append=-1))
    runs = zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    return [_aligned(log_probs, int(best[a]), a, b) for a, b in runs if best[a] != blank]


def confidence(tokens: Sequence[AlignedToken]) -> float:
    """The geometric mean of the tokens' posteriors, each at its surest frame; 0 for no tokens."""
    if not tokens:
        return 0.0
    return float(np.exp(np.mean(np.log([max(token.posterior, 1e-9) for token in tokens]))))


def align(log_probs: LogProbs, tokens: Sequence[int], blank: int) -> list[AlignedToken]:
    """The most probable frames for given tokens (Viterbi over tokens with blanks between).

    Tokens that do not fit into the frames at all give an empty list.
    """
    states = [blank]
    for token in tokens:
        states += [token, blank]
    emitted = log_probs[:, states]
    may_skip = [i > 1 and s not in (blank, states[i - 2]) for i, s in enumerate(states)]
    skip = np.where(may_skip, np.float32(0), np.float32(-np.inf))
    # two impossible states in front of the first
    padded = np.full(len(states) + 2, -np.inf, np.float32)
    score = padded[2:]
    score[:2] = emitted[0, :2]
    back = np.zeros(emitted.shape, np.int8)
    for frame in range(1, len(emitted)):
        skipped = padded[:-2] + skip
        best = np.maximum(score, padded[1:-1])
        np.greater(padded[1:-1], score, out=back[frame])
        back[frame][skipped > best] = 2
        np.maximum(best, skipped, out=best)
        np.add(best, emitted[frame], out=score)
    state = len(states) - 1 - int(len(states) > 1 and score[-2] > score[-1])
    if not np.isfinite(score[state]):
        return []
    frames: dict[int, list[int]] = {}
    for frame in range(len(emitted) - 1, -1, -1):
        if state % 2:
            frames.setdefault(state, []).append(frame)
        state -= int(back[frame, state])
    return [_aligned(log_probs, states[s], f[-1], f[0] + 1) for s, f in sorted(frames.items())]


@dataclass
class _Node:
    """A place in the tree of hotwords.

    `bonus` is what was earned on the way here, `kept` the part of it that stays when the spelling
    breaks off here: that of the longest hotword that is complete.
    """

    bonus: float = 0.0
    kept: float = 0.0
    is_end: bool = False
    children: dict[str, "_Node"] = field(default_factory=dict)


class Spelling:
    """The tokens of a vocabulary by what they spell: the same for every graph of hotwords."""

    def __init__(self, pieces: Sequence[str]) -> None:
        """`pieces`: the vocabulary's text by token id."""
        self._pieces = [piece.lower() for piece in pieces]
        self._tokens: dict[str, tuple[int, ...]] = {}
        for token, piece in enumerate(self._pieces):
            if not piece.startswith("<"):
                self._tokens[piece] = (*self._tokens.get(piece, ()), token)
        self.longest = max(map(len, self._tokens), default=0)
        """Characters that one token spells at most."""

    def of(self, token: int) -> str:
        """What a token spells, in lower case."""
        return self._pieces[token]

    def tokens(self, text: str) -> tuple[int, ...]:
        """The tokens that spell `text` alone."""
        return self._tokens.get(text, ())


class ContextGraph:
    """Hotwords as a tree of characters.

    Characters rather than tokens, so that any segmentation into pieces finds the word, and letter
    case does not matter.
    """

    def __init__(self, hotwords: Iterable[Hotword], spelling: Spelling) -> None:
        self.root = _Node()
        self._spelling = spelling
        self._openings: dict[int, npt.NDArray[np.int64]] = {}
        for hotword in hotwords:
            self._add(hotword)
        _settle_kept(self.root)

    def advance(self, node: _Node, token: int) -> tuple[_Node, float]:
        """Spell `token` from `node`: the new place, and the change of score."""
        delta = 0.0
        for character in self._spelling.of(token):
            if character not in node.children:
                delta += self.leave(node)
                node = self.root
            following = node.children.get(character, self.root)
            delta += following.bonus - node.bonus
            node = following
        return node, delta

    @staticmethod
    def leave(node: _Node) -> float:
        """The change of score when the spelling ends at `node`."""
        return node.kept - node.bonus

    def openings(self, node: _Node) -> npt.NDArray[np.int64]:
        """Tokens that spell on from `node` or begin a hotword, shape [tokens].

        A search must try them though they seem unlikely.
        """
        if id(node) not in self._openings:
            found = {*self._spelled_from(node), *self._spelled_from(self.root)}
            self._openings[id(node)] = np.array(sorted(found), np.int64)
        return self._openings[id(node)]

    def _spelled_from(self, node: _Node) -> list[int]:
        found: list[int] = []
        frontier = [("", node)]
        while frontier:
            spelled, place = frontier.pop()
            found += self._spelling.tokens(spelled)
            if len(spelled) < self._spelling.longest:
                frontier += [(spelled + c, child) for c, child in place.children.items()]
        return found

    def _add(self, hotword: Hotword) -> None:
        node = self.root
        for character in spell(hotword.text):
            worth = _LATIN_SHARE if character.isascii() or character == WORD_START else 1.0
            bonus = node.bonus + hotword.weight * worth
            node = node.children.setdefault(character, _Node())
            node.bonus = max(node.bonus, bonus)
        node.is_end = True


def spell(text: str) -> str:
    """A hotword as the pieces of a vocabulary spell it: lower case, `▁` before a Latin word."""
    words = text.lower().split()
    return "".join(WORD_START + word if _is_alphabetic(word[0]) else word for word in words)


def _settle_kept(node: _Node) -> None:
    for child in node.children.values():
        child.kept = child.bonus if child.is_end else node.kept
        _settle_kept(child)


def _is_alphabetic(character: str) -> bool:
    """Whether words of this script are written with spaces between (Latin, Hangul, ...)."""
    return character.isalnum() and not "\u2e80" <= character <= "\u9fff"


def _aligned(log_probs: LogProbs, token: int, start: int, end: int) -> AlignedToken:
    return AlignedToken(token, start, end, float(np.exp(log_probs[start:end, token].max())))
