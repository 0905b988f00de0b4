"""Paraformer's tokens and the text that they spell.

Tokens are Chinese characters, words, beginnings of words (`ki@@`) and letters (of `u s b`).
Source: FunASR, `funasr/utils/postprocess_utils.py` and `funasr/tokenizer/char_tokenizer.py`.
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wyoming_serving.errors import ErrorCode, ServiceError

CONTINUES = "@@"
"""Behind a beginning of a word."""

_CHINESE = re.compile(r"[\u4e00-\u9fff0-9@]+")
_SPELLABLE = re.compile(r"[\u4e00-\u9fa5A-Za-z0-9]")
_UNKNOWN = "<unk>"


@dataclass(frozen=True)
class WrittenWord:
    """A word or a Chinese character, and the places of its first and its last token."""

    text: str
    first: int
    last: int

    @property
    def is_alphabetic(self) -> bool:
        """Whether it is written with letters."""
        return _is_alphabetic(self.text)


def written_words(tokens: Sequence[str]) -> list[WrittenWord]:
    """Tokens glued to words; a beginning without an end is left out, letters become capitals."""
    words: list[WrittenWord] = []
    beginning, first = "", 0
    for place, token in enumerate(tokens):
        first = first if beginning else place
        if CONTINUES in token and not _CHINESE.fullmatch(token):
            beginning += token.replace(CONTINUES, "")
        elif _is_alphabetic(token):
            words.append(WrittenWord(beginning + token, first, place))
            beginning = ""
        else:
            words.append(WrittenWord(token, place, place))
            beginning = ""
    return _join_letters(words)


def spelled_text(words: Sequence[WrittenWord]) -> str:
    """Words with spaces between them, and none beside a Chinese character."""
    text = "".join(word.text for word in words[:1])
    for word, following in itertools.pairwise(words):
        apart = word.is_alphabetic and not _CHINESE.fullmatch(following.text)
        text += " " + following.text if apart else following.text
    return text


def settled(tokens: list[str]) -> list[str]:
    """Tokens without the last that are written otherwise when more of their word follows.

    Those are the beginnings of words (`ki@@`) and single letters (of `u s b` becomes `USB`).
    """
    count = len(tokens)
    while count and (tokens[count - 1].endswith(CONTINUES) or _is_letter(tokens[count - 1])):
        count -= 1
    return tokens[:count]


class Speller:
    """Spells text with a vocabulary's tokens."""

    def __init__(self, vocabulary: Sequence[str], folder: Path) -> None:
        """`folder` may hold `seg_dict`, which spells words that are not single characters.

        Raises:
            ServiceError: `seg_dict` cannot be read.
        """
        self._ids = {token: i for i, token in enumerate(vocabulary)}
        file = folder / "seg_dict"
        self._words = _read_words(file) if file.is_file() else None

    def spell(self, text: str) -> list[int] | None:
        """The ids of the tokens for `text`; None where the vocabulary cannot spell it."""
        text = text.lower()
        spelled = text.replace(" ", "") if self._words is None else self._split(text, self._words)
        ids = [self._ids.get(token) for token in spelled]
        known = [i for i in ids if i is not None]
        return known if known and len(known) == len(ids) else None

    @staticmethod
    def _split(text: str, words: Mapping[str, list[str]]) -> list[str]:
        tokens: list[str] = []
        for word in text.split():
            if word in words:
                tokens += words[word]
            elif _SPELLABLE.match(word):
                tokens += [token for c in word for token in words.get(c, [_UNKNOWN])]
            else:
                tokens.append(_UNKNOWN)
        return tokens


def _read_words(file: Path) -> dict[str, list[str]]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ServiceError(ErrorCode.MODEL_INVALID, f"{file} cannot be read: {error}") from None
    return {word: tokens for word, *tokens in map(str.split, filter(str.strip, lines))}


def _join_letters(words: list[WrittenWord]) -> list[WrittenWord]:
    """Letters in a row as one word of capitals: `u s b` as `USB`."""
    joined: list[WrittenWord] = []
    in_row = False
    for word in words:
        if _is_letter(word.text) and in_row:
            last = joined.pop()
            text = last.text.upper() + word.text.upper()
            joined.append(WrittenWord(text, last.first, word.last))
        else:
            joined.append(word)
        in_row = _is_letter(word.text)
    return joined


def _is_letter(token: str) -> bool:
    return len(token) == 1 and token.isascii() and token.isalpha()


def _is_alphabetic(token: str) -> bool:
    return bool(token) and all(c == "'" or c.isalpha() for c in token) and not _has_chinese(token)


def _has_chinese(token: str) -> bool:
    return any("\u4e00" <= c <= "\u9fff" for c in token)
