"""How English words are pronounced: the CMU dictionary and, beyond it, g2p_en's network.

Upstream MeloTTS looks words up in release 0.6 of the CMU dictionary; the one here is the current
one. ``cmudict_0.6.tsv`` lists the words that the two say differently, so that the
voices get the phones they were trained with.
"""

import re
import unicodedata
from functools import cache
from importlib import resources

from wyoming_melotts.frontends.english_oov import guess_phones
from wyoming_melotts.normalization.cmu_dictionary import dictionary_phones

_UNSPEAKABLE = re.compile(r"[^ a-z'.,?!\-]")


@cache
def _release_0_6_differences() -> dict[str, str]:
    table = resources.files(__package__).joinpath("cmudict_0.6.tsv").read_text(encoding="ascii")
    return dict(line.split("\t") for line in table.splitlines())


def pronounce(word: str) -> list[str]:
    """ARPAbet phones with stress digits; punctuation stands for itself, other signs are silent."""
    key = word.upper().lower()
    if key in _release_0_6_differences():
        return _release_0_6_differences()[key].split()
    return dictionary_phones(key) or _pronounce_unlisted(word)


def _pronounce_unlisted(word: str) -> list[str]:
    """As g2p_en: without accents, without signs, looked up again, else guessed by the network."""
    letters = "".join(
        char for char in unicodedata.normalize("NFD", word) if unicodedata.category(char) != "Mn"
    )
    letters = _UNSPEAKABLE.sub("", letters.lower())
    if not re.search("[a-z]", letters):
        return list(letters.replace(" ", ""))
    return dictionary_phones(letters) or list(guess_phones(letters))
