"""Text to MeloTTS's phones as the service reads it."""

from functools import cache

from wyoming_melotts.frontends import Frontend, Phonemes, frontend_for
from wyoming_melotts.frontends.plain_tokenizer import PlainTokenizer


@cache
def _frontend(language: str) -> Frontend:
    return frontend_for(language, PlainTokenizer())


def read(text: str, language: str = "ZH") -> Phonemes:
    """The phones of a sentence in the front-end ZH (which is ZH_MIX_EN) or EN."""
    frontend = _frontend(language)
    return frontend.phonemize(frontend.normalize(text))
