"""The words of a normalized sentence, put together from the tokens of its BERT."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from wyoming_melotts.frontends.frontend import Phonemes

Phone = TypeVar("Phone")

_APOSTROPHES = ("'", "’")
_FARTHEST = 40
"""Characters that may stand between a token and the one before it."""


@dataclass
class Word:
    """A word as `norm_text` writes it, and how many tokens it consists of."""

    text: str
    tokens: int


def words_of(norm_text: str, tokens: Sequence[str]) -> list[Word]:
    """Returns words that have all tokens among them, in their order.

    Continuation pieces (``##``) and what an apostrophe joins belong to the word before them; a
    sign is a word of its own. A token that does not stand in the text, as it was changed or is
    unknown, is its own text.
    """
    folded = _folded(norm_text)
    found: list[Word] = []
    start = end = 0
    for token in tokens:
        continues = len(token) > 2 and token.startswith("##")
        piece = _folded(token[2:] if continues else token)
        at = folded.find(piece, end, end + _FARTHEST + len(piece))
        joined = bool(found) and (continues or (at == end and _is_joined(folded, at)))
        if not joined:
            start = max(at, end)
        if at >= 0:
            end = at + len(piece)
        if joined:
            known = at >= 0 or end > start
            text = norm_text[start:end] if known else found[-1].text + token[2:]
            found[-1] = Word(text, found[-1].tokens + 1)
        else:
            text = norm_text[start:end] if at >= 0 else unicodedata.normalize("NFC", token)
            found.append(Word(text, 1))
    return found


def words_with_phones(
    phonemes: Phonemes, phones: Iterable[Phone], counts: Iterable[int]
) -> Iterator[tuple[str, list[Phone]]]:
    """Yields the text of each word, or sign, with its phones.

    `phones` are those of the sentence in any form, pads included; `counts` says how many belong to
    each token, [CLS] included.
    """
    left, sizes = iter(phones), iter(counts)
    _take(left, sizes, 1)  # the pad of [CLS]
    for word in words_of(phonemes.norm_text, phonemes.tokens):
        yield word.text, _take(left, sizes, word.tokens)


def _take(phones: Iterator[Phone], counts: Iterator[int], tokens: int) -> list[Phone]:
    """The phones of the next tokens."""
    return list(islice(phones, sum(islice(counts, tokens))))


def _is_joined(text: str, at: int) -> bool:
    """Whether what begins at `at` is joined to what ends there by an apostrophe between letters."""
    if at + 1 < len(text) and text[at] in _APOSTROPHES:
        return at > 0 and text[at - 1].isalpha() and text[at + 1].isalpha()
    return at > 1 and text[at - 1] in _APOSTROPHES and text[at - 2].isalpha()


def _folded(text: str) -> str:
    """The text without case and accents, each character still one character."""
    return "".join(unicodedata.normalize("NFD", character)[0].lower()[:1] for character in text)
