"""The French front-end."""

import re

from wyoming_melotts.frontends.frontend import Phonemes, Tokenizer
from wyoming_melotts.frontends.ipa import ipa_phones, to_ipa
from wyoming_melotts.frontends.sentence_ends import finish_sentence
from wyoming_melotts.frontends.splitting import split_latin

_ABBREVIATIONS = {
    "M": "monsieur",
    "Mlle": "mademoiselle",
    "Mlles": "mesdemoiselles",
    "Mme": "Madame",
    "Mmes": "Mesdames",
    "N.B": "nota bene",
    "p.c.q": "parce que",
    "Pr": "professeur",
    "qqch": "quelque chose",
    "rdv": "rendez-vous",
    "max": "maximum",
    "min": "minimum",
    "no": "numéro",
    "adr": "adresse",
    "dr": "docteur",
    "st": "saint",
    "co": "companie",
    "jr": "junior",
    "sgt": "sergent",
    "capt": "capitain",
    "col": "colonel",
    "av": "avenue",
    "apr. J.-C": "après Jésus-Christ",
    "art": "article",
    "boul": "boulevard",
    "c.-à-d": "c’est-à-dire",
    "etc": "et cetera",
    "ex": "exemple",
    "excl": "exclusivement",
}
# Replaced one after the other, the titles again where they have no stop.
_EXPANSIONS = [
    *((re.compile(rf"\b{short}\.", re.IGNORECASE), long) for short, long in _ABBREVIATIONS.items()),
    (re.compile(r"\bMlle"), "mademoiselle"),
    (re.compile(r"\bMme"), "Madame"),
]
_SIGNS = {
    **dict.fromkeys(";:：；，·、", ","),
    **dict.fromkeys("。\n…$", "."),
    **dict.fromkeys("-～~", " "),
    **dict.fromkeys('“”‘’（）()《》【】[]「」<>"«»—¿¡', ""),
    "！": "!",
    "？": "?",
    "&": " et ",
    "...": ".",
}
_SIGN = re.compile(r"\.\.\.|" + "|".join(map(re.escape, _SIGNS)))
_RUN_OF_T = re.compile("t{3,}")


class FrenchFrontend:
    """Upstream's ``FR``."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    def split(self, text: str) -> list[str]:
        return split_latin(text)

    def separate_camel_case(self, piece: str) -> str:
        return piece

    def normalize(self, text: str) -> str:
        for short, long in _EXPANSIONS:
            text = short.sub(long, text)
        return finish_sentence(_SIGN.sub(lambda match: _SIGNS[match[0]], text))

    def phonemize(self, norm_text: str) -> Phonemes:
        tokens = self._tokenizer.tokenize(norm_text)
        return ipa_phones(tokens, to_french_ipa).padded(norm_text, tokens)


def to_french_ipa(text: str) -> str:
    """A text in IPA; gruut spells some abbreviations with runs of t, which are dropped."""
    return _RUN_OF_T.sub("", to_ipa(text, "fr-fr"))
