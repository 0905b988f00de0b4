"""g2pkk's pronunciation rules for Hangul, step by step as its own driver runs them.

The package's driver cannot be used: its import downloads NLTK data, and it calls pip. So its rules
are imported past the driver, and get our copy of the English dictionary.
"""

import re
import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any

import mecab_ko
from jamo import h2j, hangul_to_jamo

from wyoming_melotts.normalization.cmu_dictionary import dictionary_phones
from wyoming_melotts.normalization.remembering import remembered

_SPECIAL_RULES = (
    "jyeo ye consonant_ui josa_ui vowel_ui jamo rieulgiyeok rieulbieub verb_nieun balb"
    " palatalize modifying_rieul"
)
_LINKING_RULES = "link1 link2 link3 link4"
_MECAB_LOCK = Lock()
_LATIN_WORD = re.compile(r"[A-Za-z']+")
# g2pkk reads numbers before a counting word up to sixteen digits, with their commas.
_LONG_NUMBER = re.compile(r"(\d[\d,]{16,}[ㄱ-힣]+)/B")

Rule = Callable[[str], str]


@cache
def _package() -> ModuleType:
    """The package without what its ``__init__`` does."""
    spec = find_spec("g2pkk")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("Korean needs the package g2pkk")
    package = ModuleType("g2pkk")
    package.__path__ = spec.submodule_search_locations
    package.__spec__ = spec
    return sys.modules.setdefault("g2pkk", package)


def _module(name: str) -> Any:
    return import_module(f"{_package().__name__}.{name}")


class _PartsOfSpeech:
    """MeCab-ko as g2pkk asks it."""

    def __init__(self) -> None:
        self._tagger = mecab_ko.Tagger()

    def pos(self, text: str) -> list[tuple[str, str]]:
        """The words of a text and their parts of speech."""
        lines = str(self._tagger.parse(text)).splitlines()
        words = (line.partition("\t") for line in lines if "\t" in line)
        return [(word, features.partition(",")[0]) for word, _, features in words]


@cache
def _mecab() -> _PartsOfSpeech:
    return _PartsOfSpeech()


@cache
def _idioms() -> list[tuple[re.Pattern[str], str]]:
    """Words with a pronunciation of their own: ``pattern===replacement`` lines."""
    lines = (Path(_package().__path__[0]) / "idioms.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("#")[0].strip().split("===") for line in lines if "===" in line)
    return [(re.compile(pair[0]), pair[1]) for pair in pairs if len(pair) == 2]


@cache
def _codas_and_onsets() -> list[tuple[re.Pattern[str], str]]:
    """How a coda and the onset after it sound together."""
    return [(re.compile(found), sound) for found, sound, _ in _module("utils").parse_table()]


@cache
def _rules(module: str, names: str) -> list[Rule]:
    return [getattr(_module(module), name) for name in names.split()]


def pronounce(text: str) -> list[str]:
    """Text as it sounds, in conjoining jamo; other characters stand for themselves."""
    return list(_pronounced(text))


@remembered(4096)  # a thousand rules for each word
def _pronounced(text: str) -> str:
    for idiom, sound in _idioms():
        text = idiom.sub(sound, text)
    text = _module("english").convert_eng(text, _dictionary_of(text))
    with _MECAB_LOCK:
        text = _module("utils").annotate(text, _mecab())
    text = _module("numerals").convert_num(_LONG_NUMBER.sub(r"\1", text))
    text = h2j(text)
    for rule in _rules("special", _SPECIAL_RULES):
        text = rule(text)
    text = re.sub("/[PJEB]", "", text)
    for found, sound in _codas_and_onsets():
        text = found.sub(sound, text)
    for rule in _rules("regular", _LINKING_RULES):
        text = rule(text)
    return "".join(hangul_to_jamo(_module("utils").compose(text)))


def _dictionary_of(text: str) -> dict[str, list[list[str]]]:
    """The pronunciations of a text's English words, as g2pkk looks them up."""
    words = {word.lower() for word in _LATIN_WORD.findall(text)}
    known = {word: dictionary_phones(word) for word in words}
    return {word: [phones] for word, phones in known.items() if phones}
