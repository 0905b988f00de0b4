"""CTC prefix beam search with something to lean on: hotwords, a language model, or both.

Prefix beam search: Hannun et al., 2014 (arXiv:1408.2873). Shallow fusion: what is leaned on adds
to a prefix's score as each token comes. Prefixes are nodes of one tree, so that two ways to the
same text meet in one node; frames that hold nothing but a blank, and tokens with next to no
probability, cost nothing.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from wyoming_funasr.recognition.ctc import ContextGraph, LogProbs

BEAM_WIDTH = 12
_BEAM_MARGIN = 10.0
"""Prefixes this far behind the best, in nats, are given up."""

_TOKENS_PER_FRAME = 12
_LEAST_LOG_PROB = -9.0
_LEAST_OPENING = -14.0
"""The same for a lean's openings: below it, nothing like them was said."""

_SURE_BLANK = -0.002
_NEVER = -1e30

Openings = npt.NDArray[np.int64]
"""Tokens, shape [tokens]."""

_NO_TOKENS: Openings = np.zeros(0, np.int64)

State = Any
"""What a lean remembers of a text so far; each has its own."""


class Scorer(Protocol):
    """Something that finds some texts likelier than others."""

    def start(self) -> State:
        """The state before the first token."""

    def extend(self, state: State, token: int) -> tuple[State, float]:
        """The state behind a token, and what it adds to the score (nats)."""

    def end(self, state: State) -> float:
        """What it adds that the text ends here."""


class Lean(Scorer, Protocol):
    """A scorer that a search leans on."""

    def openings(self, state: State) -> Openings:
        """Tokens behind a state that are worth a try though they seem unlikely."""


@dataclass(frozen=True)
class Weighted:
    """A language model as a lean: its log probability by `weight`, and `bonus` for each token."""

    model: Scorer
    weight: float
    bonus: float

    def start(self) -> State:
        return self.model.start()

    def extend(self, state: State, token: int) -> tuple[State, float]:
        following, log_prob = self.model.extend(state, token)
        # a token that the model does not count (0) earns no bonus
        return following, self.weight * log_prob + self.bonus if log_prob else 0.0

    def end(self, state: State) -> float:
        return self.weight * self.model.end(state)

    def openings(self, state: State) -> Openings:
        return _NO_TOKENS


@dataclass(frozen=True)
class Hotwords:
    """Hotwords as a lean."""

    graph: ContextGraph

    def start(self) -> State:
        return self.graph.root

    def extend(self, state: State, token: int) -> tuple[State, float]:
        return self.graph.advance(state, token)

    def end(self, state: State) -> float:
        return self.graph.leave(state)

    def openings(self, state: State) -> Openings:
        return self.graph.openings(state)


@dataclass(frozen=True)
class Together:
    """Several leans at once."""

    leans: tuple[Lean, ...]

    def start(self) -> State:
        return tuple(lean.start() for lean in self.leans)

    def extend(self, state: State, token: int) -> tuple[State, float]:
        steps = [lean.extend(one, token) for lean, one in zip(self.leans, state, strict=True)]
        return tuple(following for following, _ in steps), sum(score for _, score in steps)

    def end(self, state: State) -> float:
        return sum(lean.end(one) for lean, one in zip(self.leans, state, strict=True))

    def openings(self, state: State) -> Openings:
        found = [lean.openings(one) for lean, one in zip(self.leans, state, strict=True)]
        return np.concatenate(found)


@dataclass(frozen=True)
class Hypothesis:
    """A text that the search found: `acoustic` is log P(tokens | audio), `score` with the lean."""

    tokens: tuple[int, ...]
    acoustic: float
    score: float


class _Prefix:
    """A text so far, and its log probabilities in the frame now and the one that comes."""

    __slots__ = ("blank", "children", "label", "lean", "new_blank", "new_label", "parent", "state",
                 "token", "total")  # fmt: skip

    def __init__(self, parent: "_Prefix | None", token: int, state: State, lean: float) -> None:
        self.parent = parent
        self.token = token
        self.state = state
        self.lean = lean
        self.children: dict[int, _Prefix] = {}
        self.blank = self.label = self.new_blank = self.new_label = _NEVER
        self.total = _NEVER

    def tokens(self) -> tuple[int, ...]:
        found: list[int] = []
        node: _Prefix | None = self
        while node is not None and node.parent is not None:
            found.append(node.token)
            node = node.parent
        return tuple(reversed(found))


def search(log_probs: LogProbs, blank: int, lean: Lean, most: int = 10) -> list[Hypothesis]:
    """The best texts, best first; `log_probs` has the shape [frames, vocabulary]."""
    root = _Prefix(None, -1, lean.start(), 0.0)
    root.blank = root.total = 0.0
    beam = [root]
    blanks: list[float] = log_probs[:, blank].tolist()
    for frame, tokens in enumerate(_candidates(log_probs, blank)):
        if tokens:
            beam = _step(beam, tokens, log_probs[frame], blanks[frame], lean)
        else:
            for prefix in beam:
                prefix.blank = prefix.total + blanks[frame]
                prefix.label, prefix.total = _NEVER, prefix.blank
    found = [
        Hypothesis(one.tokens(), one.total, one.total + one.lean + lean.end(one.state))
        for one in beam
    ]
    _take_apart(root)
    return sorted(found, key=lambda one: one.score, reverse=True)[:most]


def _take_apart(root: _Prefix) -> None:
    """Free the tree now: its nodes hold each other, so that else a garbage collection has to."""
    nodes = [root]
    while nodes:
        children = nodes.pop().children
        nodes += children.values()
        children.clear()


def _candidates(log_probs: LogProbs, blank: int) -> list[list[tuple[int, float]]]:
    """For each frame the tokens worth trying; none where it is surely a blank."""
    found: list[list[tuple[int, float]]] = [[] for _ in log_probs]
    busy = np.flatnonzero(log_probs[:, blank] < _SURE_BLANK)
    rows = log_probs[busy]
    places, tokens = np.nonzero(rows > _LEAST_LOG_PROB)
    logs = rows[places, tokens]
    frames = busy[places].tolist()
    for frame, token, log in zip(frames, tokens.tolist(), logs.tolist(), strict=True):
        if token != blank:
            found[frame].append((token, log))
    for frame, some in enumerate(found):
        if len(some) > _TOKENS_PER_FRAME:
            some.sort(key=lambda one: one[1], reverse=True)
            found[frame] = some[:_TOKENS_PER_FRAME]
    return found


def _step(
    beam: Sequence[_Prefix],
    tokens: list[tuple[int, float]],
    row: LogProbs,
    blank: float,
    lean: Lean,
) -> list[_Prefix]:
    here = dict(tokens)
    reached: list[_Prefix] = []
    best = max(prefix.total + prefix.lean for prefix in beam)
    likeliest = max(blank, max(log for _, log in tokens))
    floor = best + likeliest - _BEAM_MARGIN
    for prefix in beam:
        total, score = prefix.total, prefix.total + prefix.lean
        if prefix.new_blank == _NEVER and prefix.new_label == _NEVER:
            reached.append(prefix)
        prefix.new_blank = total + blank
        repeated = here.get(prefix.token)
        if repeated is not None:
            prefix.new_label = _add(prefix.new_label, prefix.label + repeated)
        openings = lean.openings(prefix.state)
        opened = _opened(openings, row, here) if len(openings) else ()
        for token, log in (*tokens, *opened) if opened else tokens:
            if score + log < floor:
                continue
            # a repeated token is a new one only behind a blank
            before = prefix.blank if token == prefix.token else total
            child = prefix.children.get(token)
            if child is None:
                state, more = lean.extend(prefix.state, token)
                child = prefix.children[token] = _Prefix(prefix, token, state, prefix.lean + more)
            if child.new_blank == _NEVER and child.new_label == _NEVER:
                reached.append(child)
            log += before
            known = child.new_label
            child.new_label = log if known == _NEVER else _add(known, log)
    for prefix in reached:
        prefix.blank, prefix.label = prefix.new_blank, prefix.new_label
        prefix.new_blank = prefix.new_label = _NEVER
        prefix.total = _add(prefix.blank, prefix.label)
    for prefix in beam:
        if prefix.total == _NEVER:
            prefix.blank = prefix.label = _NEVER
    reached.sort(key=lambda one: one.total + one.lean, reverse=True)
    return reached[:BEAM_WIDTH]


def _opened(
    openings: Openings, row: LogProbs, known: Mapping[int, float]
) -> list[tuple[int, float]]:
    """The lean's tokens that are not too unlikely, besides those that are known."""
    logs = row[openings]
    enough = logs > _LEAST_OPENING
    pairs = zip(openings[enough].tolist(), logs[enough].tolist(), strict=True)
    return [(token, log) for token, log in pairs if token not in known]


def _add(one: float, other: float) -> float:
    """log(exp(one) + exp(other))"""
    if one < other:
        one, other = other, one
    apart = other - one
    return one if apart < -30.0 else one + math.log1p(math.exp(apart))
