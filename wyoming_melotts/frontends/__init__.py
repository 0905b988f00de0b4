"""Text front-ends: from text to phones, for each language of MeloTTS's voices.

A front-end reproduces upstream's; the libraries of a language are imported with its first use.
"""

from importlib import import_module

from wyoming_melotts.frontends.frontend import Frontend, Phonemes, Tokenizer

_FRONTENDS = {
    "ZH": "chinese.ChineseFrontend",
    "EN": "english.EnglishFrontend",
    "JP": "japanese.JapaneseFrontend",
    "KR": "korean.KoreanFrontend",
    "ES": "spanish.SpanishFrontend",
    "FR": "french.FrenchFrontend",
}

__all__ = ["Frontend", "Phonemes", "Tokenizer", "frontend_for"]


def frontend_for(language_key: str, tokenizer: Tokenizer) -> Frontend:
    """The front-end of a language that reads with the tokenizer of the language's BERT model.

    Raises:
        ValueError: an unknown language; the message lists the known ones.
    """
    if language_key not in _FRONTENDS:
        known = ", ".join(_FRONTENDS)
        raise ValueError(f"no text front-end for language {language_key!r}; there are {known}")
    module, _, name = _FRONTENDS[language_key].partition(".")
    frontend: Frontend = getattr(import_module(f"{__package__}.{module}"), name)(tokenizer)
    return frontend
