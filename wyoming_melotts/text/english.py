"""The English front-end, and the English words inside Chinese text."""

import re
from collections.abc import Sequence

from wyoming_melotts.text.camel_case import separate_camel_case
from wyoming_melotts.text.english_lexicon import pronounce
from wyoming_melotts.text.english_numbers import expand_numbers, expand_times
from wyoming_melotts.text.frontend import UNKNOWN, Phonemes, PhoneRun, Tokenizer
from wyoming_melotts.text.splitting import split_latin
from wyoming_melotts.text.wordpieces import distribute, group_word_pieces

_ABBREVIATIONS = {
    "mrs": "misess",
    "mr": "mister",
    "dr": "doctor",
    "st": "saint",
    "co": "company",
    "jr": "junior",
    "maj": "major",
    "gen": "general",
    "drs": "doctors",
    "rev": "reverend",
    "lt": "lieutenant",
    "hon": "honorable",
    "sgt": "sergeant",
    "capt": "captain",
    "esq": "esquire",
    "ltd": "limited",
    "col": "colonel",
    "ft": "fort",
}
# Replaced one after the other.
_EXPANSIONS = [(re.compile(rf"\b{short}\."), long) for short, long in _ABBREVIATIONS.items()]
_STRESSED = re.compile(r"([A-Z]+)([0-2])")


class EnglishFrontend:
    """Upstream's ``EN``."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    def split(self, text: str) -> list[str]:
        return split_latin(text)

    def separate_camel_case(self, piece: str) -> str:
        return separate_camel_case(piece)

    def normalize(self, text: str) -> str:
        text = expand_numbers(expand_times(text.lower()))
        for short, long in _EXPANSIONS:
            text = short.sub(long, text)
        return text

    def phonemize(self, norm_text: str) -> Phonemes:
        tokens = self._tokenizer.tokenize(norm_text)
        return english_phones(tokens).padded(norm_text, tokens)


def english_phones(tokens: Sequence[str]) -> PhoneRun:
    """The phones of English word pieces; a vowel's tone is its stress + 1, a consonant's is 0."""
    phones: list[str] = []
    tones: list[int] = []
    word2ph: list[int] = []
    for pieces in group_word_pieces(tokens):
        word = pronounce("".join(pieces))
        for arpabet in word:
            phone, tone = _phone_and_tone(arpabet)
            phones.append(phone)
            tones.append(tone)
        word2ph += distribute(len(word), len(pieces))
    return PhoneRun(phones, tones, word2ph)


def _phone_and_tone(arpabet: str) -> tuple[str, int]:
    if stressed := _STRESSED.fullmatch(arpabet):
        return stressed[1].lower(), int(stressed[2]) + 1
    if arpabet == "V":  # `v` is a vowel of Chinese in the symbol table
        return "V", 0
    # The network may guess a UW without stress or <unk>, for which there is no symbol.
    return (UNKNOWN if arpabet in ("UW", "<unk>", "<pad>", "<s>") else arpabet.lower()), 0
