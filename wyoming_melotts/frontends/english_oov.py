"""g2p_en's network: guesses the phones of words that no dictionary has.

A GRU encoder reads the letters, a GRU decoder writes at most twenty phones. ``g2p_en.npz`` is
``checkpoint20.npz`` of https://github.com/Kyubyong/g2p 2.1.0, unchanged (see NOTICE). The package
itself brings NLTK and a library under the GPL for what is not used here.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

from wyoming_melotts.normalization.remembering import remembered

Array = npt.NDArray[np.float32]

_MAX_PHONES = 20
_REMEMBERED_WORDS = 4096
_GRAPHEMES = ["<pad>", "<unk>", "</s>", *"abcdefghijklmnopqrstuvwxyz"]
# fmt: off
_VOWELS = ["AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"]
_CONSONANTS = [
    "B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N", "NG",
    "P", "R", "S", "SH", "T", "TH", "V", "W", "Y", "Z", "ZH",
]
# fmt: on
_STRESSED_VOWELS = [f"{vowel}{stress}" for vowel in _VOWELS for stress in "012"]
_PHONES = ["<pad>", "<unk>", "<s>", "</s>", *sorted([*_CONSONANTS, *_STRESSED_VOWELS, "UW"])]
_BEGIN = _PHONES.index("<s>")
_END = _PHONES.index("</s>")


@dataclass(frozen=True)
class _GruCell:
    """A gated recurrent unit in PyTorch's layout: reset, update and new gate stacked."""

    w_ih: Array
    w_hh: Array
    b_ih: Array
    b_hh: Array

    def read(self, embedding: Array) -> Array:
        """What each input [inputs, embedding] adds to the gates [inputs, 3 hidden]."""
        return np.stack([self.w_ih @ x + self.b_ih for x in embedding])

    def step(self, x: Array, h: Array) -> Array:
        """The next state [hidden] from an input, as `read` returns it, and the state before."""
        size = len(h)
        of_h = self.w_hh @ h + self.b_hh
        gates: Array = np.reciprocal(1 + np.exp(-(x[: 2 * size] + of_h[: 2 * size])))
        reset, update = gates[:size], gates[size:]
        new: Array = np.tanh(x[2 * size :] + reset * of_h[2 * size :])
        next_h: Array = (1 - update) * new + update * h
        return next_h


@dataclass(frozen=True)
class _Network:
    encoder: _GruCell
    decoder: _GruCell
    graphemes: Array
    """What each adds to the gates of the encoder."""
    phones: Array
    """What each adds to the gates of the decoder."""
    output_weight: Array
    output_bias: Array


@cache
def _network() -> _Network:
    file = resources.files(__package__).joinpath("g2p_en.npz")
    with file.open("rb") as stream, np.load(stream) as weights:

        def cell(prefix: str) -> _GruCell:
            return _GruCell(*(weights[f"{prefix}_{part}"] for part in _GruCell.__annotations__))

        encoder, decoder = cell("enc"), cell("dec")
        return _Network(
            encoder=encoder,
            decoder=decoder,
            graphemes=encoder.read(weights["enc_emb"]),
            phones=decoder.read(weights["dec_emb"]),
            output_weight=weights["fc_w"],
            output_bias=weights["fc_b"],
        )


@remembered(_REMEMBERED_WORDS)
def guess_phones(word: str) -> tuple[str, ...]:
    """ARPAbet phones, vowels with a stress digit, of a word in lower-case letters a to z."""
    network = _network()
    state: Array = np.zeros(network.encoder.w_hh.shape[1], np.float32)
    for char in [*word, "</s>"]:
        index = _GRAPHEMES.index(char if char in _GRAPHEMES else "<unk>")
        state = network.encoder.step(network.graphemes[index], state)
    phones: list[str] = []
    last = _BEGIN
    while len(phones) < _MAX_PHONES:
        state = network.decoder.step(network.phones[last], state)
        last = int((network.output_weight @ state + network.output_bias).argmax())
        if last == _END:
            break
        phones.append(_PHONES[last])
    return tuple(phones)
