"""The CMU Pronouncing Dictionary: the phones of English words.

``cmudict.dict.gz`` is https://github.com/cmusphinx/cmudict at commit 0f8072f, unchanged: a word in
lower case and its ARPAbet phones a line, a comment behind ``#`` (its license stands in NOTICE).
"""

import gzip
from collections.abc import Mapping
from functools import cache
from importlib import resources


@cache
def _pronunciations() -> Mapping[str, str]:
    data = resources.files(__package__).joinpath("cmudict.dict.gz").read_bytes()
    lines = gzip.decompress(data).decode("utf-8").splitlines()
    return {word: phones for word, _, phones in (line.partition(" ") for line in lines)}


def dictionary_phones(word: str) -> list[str] | None:
    """ARPAbet phones, vowels with a stress digit, of a word in lower case; None if it is not there.

    Of several pronunciations the first.
    """
    phones = _pronunciations().get(word)
    return phones.partition("#")[0].split() if phones else None
