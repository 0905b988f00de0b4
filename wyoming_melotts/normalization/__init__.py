"""Written text of a home, spoken out: numbers, units, times, ids and signs become words.

It stands before a language's own front-end, which expects words and loses or refuses most signs.
"""

from functools import cache
from importlib import import_module

from wyoming_melotts.normalization.engine import Engine

LANGUAGES = {
    "zh": ("chinese", "Chinese"),
    "en": ("english", "English"),
    "ja": ("japanese", "Japanese"),
    "ko": ("korean", "Korean"),
    "es": ("spanish", "Spanish"),
    "fr": ("french", "French"),
}


def spoken_form(text: str, language: str) -> str:
    """Return `text` as a speaker of `language` (a key of `LANGUAGES`) would say it, in words.

    The result holds letters or CJK characters, blanks and sentence punctuation, never a digit.
    Raises ValueError for an unknown language.
    """
    return _engine(language).spoken_form(text)


@cache
def _engine(language: str) -> Engine:
    if language not in LANGUAGES:
        raise ValueError(f"unknown language {language!r}; known are {', '.join(LANGUAGES)}")
    module_name, class_name = LANGUAGES[language]
    module = import_module(f"{__name__}.{module_name}")
    return Engine(getattr(module, class_name)())
