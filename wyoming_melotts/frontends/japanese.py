"""The Japanese front-end."""

import re
import unicodedata

from num2words import num2words

from wyoming_melotts.frontends.frontend import EMPTY_RUN, PAD, Phonemes, PhoneRun, Tokenizer
from wyoming_melotts.frontends.japanese_readings import to_katakana
from wyoming_melotts.frontends.kana import PHONES, katakana_phones
from wyoming_melotts.frontends.splitting import split_cjk
from wyoming_melotts.frontends.wordpieces import distribute, group_word_pieces

_THOUSANDS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+")
_MONEY = re.compile(r"([$¥£€])([0-9.]*[0-9])")
_CURRENCIES = {"$": "ドル", "¥": "円", "£": "ポンド", "€": "ユーロ"}
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_DIGIT_NAMES = "〇一二三四五六七八九"
# Upstream drops everything else, punctuation and Latin letters too.
_NOT_JAPANESE = re.compile(r"[^\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]+")


class JapaneseFrontend:
    """Upstream's ``JP``."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    def split(self, text: str) -> list[str]:
        return split_cjk(text)

    def separate_camel_case(self, piece: str) -> str:
        return piece

    def normalize(self, text: str) -> str:
        text = unicodedata.normalize("NFKC", text)
        text = _THOUSANDS.sub(lambda match: match[0].replace(",", ""), text)
        text = _MONEY.sub(lambda match: match[2] + _CURRENCIES[match[1]], text)
        text = _NUMBER.sub(lambda match: _spoken_number(match[0]), text)
        return to_katakana(_NOT_JAPANESE.sub("", text))

    def phonemize(self, norm_text: str) -> Phonemes:
        tokens = self._tokenizer.tokenize(norm_text)
        run = EMPTY_RUN
        for pieces in group_word_pieces(tokens):
            phones = _word_phones("".join(pieces))
            run += PhoneRun(phones, [0] * len(phones), distribute(len(phones), len(pieces)))
        return run.padded(norm_text, tokens)


def _word_phones(word: str) -> list[str]:
    """Upstream fails on a character without phones (a kanji without a reading)."""
    if word == "[UNK]":
        return [PAD]
    return [phone for phone in katakana_phones(word) if phone in PHONES]


def _spoken_number(digits: str) -> str:
    """By value; digit by digit where the number is longer than num2words reads."""
    try:
        return str(num2words(digits, lang="ja"))
    except (OverflowError, ValueError):
        return "".join("点" if char == "." else _DIGIT_NAMES[int(char)] for char in digits)
