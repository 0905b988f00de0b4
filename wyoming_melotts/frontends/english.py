"""The English front-end."""

import re

from wyoming_melotts.frontends.camel_case import separate_camel_case
from wyoming_melotts.frontends.english_numbers import expand_numbers, expand_times
from wyoming_melotts.frontends.english_phones import english_phones
from wyoming_melotts.frontends.frontend import Phonemes, Tokenizer
from wyoming_melotts.frontends.readings import NO_READINGS, Readings
from wyoming_melotts.frontends.splitting import split_latin

_ABBREVIATIONS = {
    "mrs": "misess",
    "mr": "mister",
    "dr": "doctor",
    "st": "saint",
    "co": "company",
    "jr": "junior",
    "maj": "major",
    "gen": "general",
    "drs": "doctors",
    "rev": "reverend",
    "lt": "lieutenant",
    "hon": "honorable",
    "sgt": "sergeant",
    "capt": "captain",
    "esq": "esquire",
    "ltd": "limited",
    "col": "colonel",
    "ft": "fort",
}
# Replaced one after the other.
_EXPANSIONS = [(re.compile(rf"\b{short}\."), long) for short, long in _ABBREVIATIONS.items()]


class EnglishFrontend:
    """Upstream's ``EN``."""

    def __init__(self, tokenizer: Tokenizer, readings: Readings = NO_READINGS) -> None:
        self._tokenizer = tokenizer
        self._readings = readings

    def split(self, text: str) -> list[str]:
        return split_latin(text)

    def separate_camel_case(self, piece: str) -> str:
        return separate_camel_case(piece)

    def normalize(self, text: str) -> str:
        text = expand_numbers(expand_times(text.lower()))
        for short, long in _EXPANSIONS:
            text = short.sub(long, text)
        return text

    def phonemize(self, norm_text: str) -> Phonemes:
        tokens = self._tokenizer.tokenize(norm_text)
        return english_phones(tokens, self._readings.arpabet).padded(norm_text, tokens)
