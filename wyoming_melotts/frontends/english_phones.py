"""The phones of English words, in the English voices and inside Chinese text."""

import re
from collections.abc import Mapping, Sequence

from wyoming_melotts.frontends.english_lexicon import pronounce
from wyoming_melotts.frontends.frontend import UNKNOWN, PhoneRun
from wyoming_melotts.frontends.wordpieces import distribute, group_word_pieces

_STRESSED = re.compile(r"([A-Z]+)([0-2])")


def english_phones(tokens: Sequence[str], known: Mapping[str, Sequence[str]]) -> PhoneRun:
    """The phones of English word pieces; a vowel's tone is its stress + 1, a consonant's is 0.

    `known` has ARPAbet phones of lower-case words, which count before the dictionary's.
    """
    phones: list[str] = []
    tones: list[int] = []
    word2ph: list[int] = []
    for pieces in group_word_pieces(tokens):
        text = "".join(pieces)
        word = known.get(text.lower()) or pronounce(text)
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
