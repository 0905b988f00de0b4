"""The Spanish front-end."""

import re

from wyoming_melotts.frontends.frontend import Phonemes, Tokenizer
from wyoming_melotts.frontends.ipa import ipa_phones, to_ipa
from wyoming_melotts.frontends.sentence_ends import finish_sentence
from wyoming_melotts.frontends.splitting import split_latin

_SIGNS = {
    **dict.fromkeys(";:：；，·、", ","),
    **dict.fromkeys("。\n…$", "."),
    **dict.fromkeys("～~", "-"),
    **dict.fromkeys("'“”‘’（）()《》【】[]「」<>\"«»—", ""),
    "！": "!",
    "？": "?",
    "-": " ",
    "&": "y",
    "...": ".",
}
_SIGN = re.compile(r"\.\.\.|" + "|".join(map(re.escape, _SIGNS)))


class SpanishFrontend:
    """Upstream's ``ES``."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    def split(self, text: str) -> list[str]:
        return split_latin(text)

    def separate_camel_case(self, piece: str) -> str:
        return piece

    def normalize(self, text: str) -> str:
        text = _SIGN.sub(lambda match: _SIGNS[match[0]], text.lower())
        return finish_sentence(text)

    def phonemize(self, norm_text: str) -> Phonemes:
        tokens = self._tokenizer.tokenize(norm_text)
        return ipa_phones(tokens, to_spanish_ipa).padded(norm_text, tokens)


def to_spanish_ipa(text: str) -> str:
    """A text in IPA."""
    return to_ipa(text, "es-es")
