"""How Japanese people say words in Latin letters: e2k's network, for many words at once.

A bidirectional GRU reads the letters, a GRU decoder with attention writes at most so many kana. e2k
(https://github.com/Patchethium/e2k) takes one word at a time, three milliseconds each; here words
go through the network together, for the same kana.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from e2k import C2K

Array = npt.NDArray[np.float32]

_WORDS_AT_ONCE = 64


class Transliterator:
    """Writes words in katakana."""

    def __init__(self) -> None:
        self._network = C2K()
        self._layers: Any = self._network.s2s

    def katakana(self, words: Iterable[str]) -> Mapping[str, str]:
        """Returns each word, in small letters, with its katakana."""
        ordered = sorted(set(words), key=len)
        found: dict[str, str] = {}
        for start in range(0, len(ordered), _WORDS_AT_ONCE):
            together = ordered[start : start + _WORDS_AT_ONCE]
            found |= zip(together, self._write([*map(self._letters, together)]), strict=True)
        return found

    def _letters(self, word: str) -> list[int]:
        table = self._network.in_table
        first, last = self._layers.sos_idx, self._layers.eos_idx
        return [first, *(table[letter] for letter in word if letter in table), last]

    def _write(self, words: Sequence[Sequence[int]]) -> list[str]:
        """The katakana of words that are given as letters."""
        layers = self._layers
        first, last = layers.sos_idx, layers.eos_idx
        letters = np.full((max(map(len, words)), len(words)), last)
        is_letter: Array = np.zeros(letters.shape, np.float32)
        for column, word in enumerate(words):
            letters[: len(word), column] = word
            is_letter[: len(word), column] = 1
        keys, values = self._memory(letters, is_letter)
        heard = _first_state(layers.pre_decoder.cell, len(words))
        written = _first_state(layers.post_decoder.cell, len(words))
        kana = np.full(len(words), first)
        steps = []
        for _ in range(layers.max_len):
            of_kana = layers.pre_decoder.cell.ih.forward(layers.k_emb.forward(kana))
            heard = _step(layers.pre_decoder.cell, of_kana, heard)
            both = np.concatenate([heard, self._attend(heard, keys, values, is_letter)], axis=-1)
            of_both = layers.post_decoder.cell.ih.forward(both)
            written = _step(layers.post_decoder.cell, of_both, written)
            kana = layers.fc.forward(written).argmax(axis=-1)
            steps.append(kana)
            if (np.array(steps) == last).any(axis=0).all():
                break
        return [self._text(row, last) for row in np.array(steps).T.tolist()]

    def _memory(self, letters: npt.NDArray[np.int64], is_letter: Array) -> tuple[Array, Array]:
        """What attention looks at, keys and values [words, heads, letters, channels of a head].

        `is_letter` [letters, words] is 0 behind the end of a word, else 1.
        """
        layers = self._layers
        embedded = layers.e_emb.forward(letters)
        forward = _states(layers.encoder.cell, embedded, is_letter)
        backward = _states(layers.encoder_reverse.cell, embedded[::-1], is_letter[::-1])[::-1]
        read = np.tanh(layers.encoder_fc.forward(np.concatenate([forward, backward], axis=-1)))
        keys, values = (
            self._heads(projection.forward(read)).transpose(1, 2, 0, 3)
            for projection in (layers.attn.k_proj, layers.attn.v_proj)
        )
        return keys, values

    def _attend(self, heard: Array, keys: Array, values: Array, is_letter: Array) -> Array:
        attention = self._layers.attn
        query = self._heads(attention.q_proj.forward(heard))[:, :, None]
        weights = np.exp(query @ keys.transpose(0, 1, 3, 2) / attention.scale)
        weights *= is_letter.T[:, None, None]
        weights /= weights.sum(axis=-1, keepdims=True)
        mixed: Array = attention.o_proj.forward((weights @ values).reshape(len(heard), -1))
        return mixed

    def _heads(self, channels: Array) -> Array:
        """The last axis as [heads, channels of a head]."""
        return channels.reshape(*channels.shape[:-1], self._layers.attn.num_heads, -1)

    def _text(self, kana: list[int], last: int) -> str:
        ends = kana.index(last) if last in kana else len(kana)
        return "".join(self._network.out_table[one] for one in kana[:ends])


def _states(cell: Any, embedded: Array, is_letter: Array) -> Array:
    """The states [letters, words, channels] of a GRU that reads letters one after the other."""
    state = _first_state(cell, embedded.shape[1])
    states = []
    for of_letter, counts in zip(cell.ih.forward(embedded), is_letter[:, :, None], strict=True):
        state = counts * _step(cell, of_letter, state)
        states.append(state)
    return np.stack(states)


def _first_state(cell: Any, words: int) -> Array:
    return np.zeros((words, cell.hh.weight.shape[1]), np.float32)


def _step(cell: Any, of_input: Array, state: Array) -> Array:
    """The next state [words, channels], from what the input adds to the gates."""
    of_state = cell.hh.forward(state)
    size = state.shape[-1]
    gates = 1 / (1 + np.exp(-(of_input[:, : 2 * size] + of_state[:, : 2 * size])))
    reset, update = gates[:, :size], gates[:, size:]
    new = np.tanh(of_input[:, 2 * size :] + reset * of_state[:, 2 * size :])
    following: Array = (1 - update) * new + update * state
    return following
