"""Where the sentences of a language end, told by words: for texts of which the tokens are unknown.

Home Assistant's own sentences come with the package, with room for any words where names are: files
that `python -m wyoming_funasr.home.write_sentence_ends` makes.
"""

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

import numpy as np

from wyoming_funasr.home.grammar import TEMPLATE_LANGUAGES, Grammar
from wyoming_funasr.home.language_model import ANY_CLASS, FIRST, LanguageModel
from wyoming_funasr.home.ngrams import Ngrams, count
from wyoming_funasr.home.sounds import units
from wyoming_funasr.home.vocabulary import SILENT
from wyoming_funasr.home.writing import ANYTHING, spoken

_DIGITS = re.compile(r"\d+(?:[.,]\d+)?")
_SAMPLES = 10_000
_ORDER = 5
_FOLDER = "sentence_ends"


@dataclass(frozen=True)
class SentenceEnds:
    """N-grams of words, and of single Chinese, Japanese and Korean characters."""

    language: str
    words: tuple[str, ...]
    shares: tuple[float, ...]
    """How often each word is said, of all words."""
    ngrams: Ngrams

    def model(self) -> LanguageModel:
        """The n-grams as a language model; a token is the place of a word, from 1."""
        return LanguageModel(self.ngrams, range(len(self.words) + 1), (0.0, *self.shares))

    def save(self, file: Path) -> None:
        """Write it to a file of numpy arrays."""
        n = self.ngrams
        singles = np.array(sorted(n.by_class.items()), np.int32)
        np.savez_compressed(
            file,
            words=np.array("\n".join(self.words)),
            shares=np.array(self.shares, np.float32),
            tokens=n.tokens.astype(np.int16),
            counts=n.counts.astype(np.int32),
            next=n.next.astype(np.int32),
            fan_out=np.diff(n.first).astype(np.int16),
            shorter=n.shorter.astype(np.int32),
            singles=singles,
        )


def sampled(grammar: Grammar, samples: int = _SAMPLES, seed: int = 0) -> SentenceEnds:
    """Sample a grammar and count; repeatable."""
    rng = random.Random(seed)
    sentences = [_words(grammar.sample(rng)) for _ in range(samples)]
    said = Counter(word for sentence in sentences for word in sentence if word != ANYTHING)
    words = tuple(sorted(said))
    classes = {word: SILENT + 1 + FIRST + place for place, word in enumerate(words)}
    classes[ANYTHING] = ANY_CLASS
    total = said.total() or 1
    return SentenceEnds(
        grammar.language,
        words,
        tuple(said[word] / total for word in words),
        count(([classes[word] for word in sentence] for sentence in sentences), _ORDER),
    )


@lru_cache(maxsize=8)
def templates_of(language: str) -> SentenceEnds | None:
    """Home Assistant's own sentences of a language; None where there are none."""
    if language not in TEMPLATE_LANGUAGES:
        return None
    name = TEMPLATE_LANGUAGES[language]
    file = resources.files("wyoming_funasr.home") / _FOLDER / f"{name}.npz"
    if not file.is_file():
        return None
    with file.open("rb") as opened, np.load(opened) as read:
        numbers = {key: read[key].astype(np.int64) for key in _NUMBERS}
        ngrams = Ngrams(
            numbers["tokens"],
            numbers["counts"],
            numbers["next"],
            np.concatenate(([0], np.cumsum(numbers["fan_out"]))),
            numbers["shorter"],
            dict(numbers["singles"].tolist()),
        )
        return SentenceEnds(
            language, tuple(str(read["words"]).split("\n")), tuple(read["shares"].tolist()), ngrams
        )


_NUMBERS = ("tokens", "counts", "next", "fan_out", "shorter", "singles")


class Words:
    """The places of words in `SentenceEnds`, as tokens of its language model."""

    def __init__(self, language: str, words: Sequence[str]) -> None:
        self._language = language
        self._places = {word: place for place, word in enumerate(words, start=1)}

    def tokens_for(self, text: str) -> list[int | None]:
        """A text word by word; None for a word that no sentence has."""
        return [self._places.get(word) for word in _words(spoken(text, self._language))]


def _words(sentence: str) -> list[str]:
    """Words and single characters; all numbers in digits are one."""
    return units(_DIGITS.sub("0", sentence))
