"""Text front-ends: from text to phones, for each language of MeloTTS's voices.

A front-end reproduces upstream's; the libraries of a language are imported with its first use.
"""

from importlib import import_module

from wyoming_melotts.frontends.frontend import Frontend, Phonemes, Tokenizer
from wyoming_melotts.frontends.readings import NO_READINGS, Readings

_FRONTENDS = {
    "ZH": "chinese.ChineseFrontend",
    "EN": "english.EnglishFrontend",
    "JP": "japanese.JapaneseFrontend",
    "KR": "korean.KoreanFrontend",
    "ES": "spanish.SpanishFrontend",
    "FR": "french.FrenchFrontend",
}

__all__ = ["Frontend", "Phonemes", "Tokenizer", "frontend_for"]


_WITH_PHONES = ("ZH", "EN")
"""Those whose readings may be phones."""


def frontend_for(
    language_key: str, tokenizer: Tokenizer, readings: Readings = NO_READINGS
) -> Frontend:
    """The front-end of a language that reads with the tokenizer of the language's BERT model.

    `readings` are the phones of names.

    Raises:
        ValueError: an unknown language; the message lists the known ones.
    """
    if language_key not in _FRONTENDS:
        known = ", ".join(_FRONTENDS)
        raise ValueError(f"no text front-end for language {language_key!r}; there are {known}")
    module, _, name = _FRONTENDS[language_key].partition(".")
    make = getattr(import_module(f"{__package__}.{module}"), name)
    frontend: Frontend = (
        make(tokenizer, readings) if language_key in _WITH_PHONES else make(tokenizer)
    )
    return frontend
