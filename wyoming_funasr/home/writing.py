"""How names and sentences are written, and what of it is spoken."""

import re
import unicodedata
from functools import lru_cache

from wyoming_funasr.recognition.text import convert_script

_HAN = r"\u3400-\u9fff\uf900-\ufaff"
_KANA = r"\u3040-\u30ff"
_HANGUL = r"\uac00-\ud7a3\u1100-\u11ff"
_ANY_CJK = re.compile(f"[{_HAN}{_KANA}{_HANGUL}]")
_SCRIPTS = {"zh": _HAN, "yue": _HAN, "ja": _HAN + _KANA, "ko": _HANGUL}
_UNSPOKEN = re.compile(r"[^\w%°'\ufffc ]|_")
_NUMBER = re.compile(r"\d+")
_CJK_SPACE = re.compile(rf"(?<=[{_HAN}{_KANA}]) +| +(?=[{_HAN}{_KANA}])")
_MARKS = re.compile(r"[-_.。,，?¿？؟!¡！;；:：’'\"]+")
ANYTHING = "\ufffc"
"""Stands in a sampled sentence where any words may be (Home Assistant's wildcards)."""

_MOST_NUMBER = 10_000


def spoken(text: str, language: str, *, keep_edges: bool = False) -> str:
    """What a recognizer writes of a text: lower case, no punctuation, Chinese simplified."""
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    text = _UNSPOKEN.sub(" ", text)
    if is_chinese(language) and _ANY_CJK.search(text):
        text = simplified(text)
    if keep_edges:
        return re.sub(r"\s+", " ", text)
    return single_spaced(text)


def single_spaced(text: str) -> str:
    """The text with one space between words, and none beside Chinese or Japanese characters."""
    return " ".join(_CJK_SPACE.sub("", text).split())


def any_name(language: str) -> list[str]:
    """Names of any words, or of any characters, for a home that is not known."""
    lengths = (1, 2, 2, 3) if language == "en" else (2, 2, 3, 3, 4, 5)
    return [" " + f"{ANYTHING} " * length for length in lengths]


def folded(text: str) -> str:
    """The text without case and marks, as Home Assistant compares it."""
    return " ".join(_MARKS.sub(" ", text.casefold()).split())


def compact(text: str) -> str:
    """The same without spaces."""
    return folded(text).replace(" ", "")


@lru_cache(maxsize=100_000)
def simplified(text: str) -> str:
    """Chinese characters in their simplified form."""
    return convert_script(text, "t2s")


def fits(text: str, language: str) -> bool:
    """Whether a name is written in the script of a language; Latin ones fit English only."""
    own = _SCRIPTS.get(language.split("-")[0])
    if own is None:
        return not _ANY_CJK.search(text)
    return bool(re.search(f"[{own}]", text))


def language_by_script(text: str) -> str:
    """The language that a text is likely to be in, for one whose recognizer names none."""
    for language in ("ko", "ja", "zh"):
        own = _SCRIPTS[language] if language != "ja" else _KANA
        if re.search(f"[{own}]", text):
            return language
    return "en"


def is_chinese(language: str) -> bool:
    """Whether it is Mandarin or Cantonese, which have two kinds of characters."""
    return language[:2] in ("zh", "yu")


@lru_cache(maxsize=20_000)
def is_cjk(character: str) -> bool:
    """Whether a character is Chinese, Japanese or Korean."""
    return bool(_ANY_CJK.match(character))


def with_number_words(text: str, language: str, *, every: bool = False) -> str:
    """The text with its numbers in words; `every`: all forms of a number, one a line."""
    if not any(map(str.isdigit, text)):
        return text
    words = _NUMBER.sub(lambda found: "\n".join(_words(found.group(), language)), text)
    return words if every else words.split("\n")[0] + _NUMBER.split(text)[-1]


@lru_cache(maxsize=10_000)
def _words(digits: str, language: str) -> tuple[str, ...]:
    from hassil.numbers import get_rbnf_engine

    if len(digits) > 5 or int(digits) > _MOST_NUMBER:
        return (digits,)
    forms = get_rbnf_engine(language).format_number(int(digits)).text_by_ruleset
    wanted = (
        spoken(text, language)
        for ruleset, text in forms.items()
        if "financial" not in ruleset and "days" not in ruleset
    )
    return tuple(dict.fromkeys(wanted))
