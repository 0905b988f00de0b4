"""jieba's search for the most likely parts of speech, in numpy: same result, a tenth of the time.

jieba's own loop takes a millisecond a character wherever characters form no word of its
dictionary, which a hostile text does from end to end.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

State = tuple[str, str]
"""Place in the word (B, M, E or S) and part of speech."""

_UNSEEN = -3.14e100
"""jieba's logarithm of the probability of a character that a state never showed."""
_REMEMBERED_CHARACTERS = 1024
"""Each takes up to four kilobytes."""


class _Model(NamedTuple):
    """jieba's hidden Markov model; states are in ascending order."""

    states: list[State]
    starts: npt.NDArray[np.float64]
    transitions: npt.NDArray[np.float64]
    """[from, to], minus infinity where there is none."""
    follows: npt.NDArray[np.bool_]
    """[from, to]: whether there is a transition."""


@cache
def _model() -> _Model:
    from jieba.posseg import start_P, trans_P

    states = sorted(trans_P)
    starts = np.array([start_P[state] for state in states])
    transitions = np.full((len(states), len(states)), -np.inf)
    follows = np.zeros(transitions.shape, bool)
    number = {state: index for index, state in enumerate(states)}
    for state, following in trans_P.items():
        for other, value in following.items():
            transitions[number[state], number[other]] = value
            follows[number[state], number[other]] = True
    return _Model(states, starts, transitions, follows)


@lru_cache(_REMEMBERED_CHARACTERS)
def _showing(character: str) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """The states that show a character (all, if none is known for it), and how likely each does."""
    from jieba.posseg import char_state_tab_P, emit_P

    states = _model().states
    known = set(char_state_tab_P.get(character, states))
    numbers = np.array([index for index, state in enumerate(states) if state in known], np.intp)
    likely = np.array([emit_P[state].get(character, _UNSEEN) for state in states])
    return numbers, likely


def viterbi(characters: Sequence[str], *_tables: object) -> tuple[float, list[State]]:
    """The best states of a run of characters, and the logarithm of their probability.

    It stands in for `jieba.posseg.viterbi`, whose tables it is given and has as arrays already.
    """
    model = _model()
    current, likely = _showing(characters[0])
    values = model.starts[current] + likely[current]
    steps: list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]] = []
    for character in characters[1:]:
        is_next = np.logical_or.reduce(model.follows[current])
        shown, likely = _showing(character)
        following = shown[is_next[shown]]
        if not len(following):
            following = np.flatnonzero(is_next)
        scores = values[:, None] + model.transitions[np.ix_(current, following)]
        scores += likely[following]
        # of equal ones jieba takes the greatest state
        best = len(current) - 1 - scores[::-1].argmax(axis=0)
        steps.append((current, best))
        values = scores[best, np.arange(len(following))]
        current = following
    place = int(len(values) - 1 - values[::-1].argmax())
    value = float(values[place])
    path = [int(current[place])]
    for former, best in reversed(steps):
        place = int(best[place])
        path.append(int(former[place]))
    return value, [model.states[index] for index in reversed(path)]
