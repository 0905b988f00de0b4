"""What is left when all is said: only words, blanks and sentence punctuation remain."""

import re

from wyoming_melotts.normalization.language import Language
from wyoming_melotts.normalization.patterns import LATIN

_QUOTES = '"“”«»„‹›「」『』《》〈〉‘'
_PUNCTUATION = "'’-,.!?;:，。！？；：、…¿¡·ー"


def without_symbols(text: str) -> str:
    """Return the punctuation of a text that holds neither letters nor digits."""
    return "".join(mark for mark in text if mark.isspace() or mark in _PUNCTUATION)


def tidy(text: str, language: Language) -> str:
    """Drop quotes and signs, turn brackets, dashes and line ends into pauses, close up blanks."""
    text = re.sub(rf"[{_QUOTES}]", "", text)
    text = re.sub(rf"(?<![{LATIN}])['’]|['’](?![{LATIN}])", "", text)
    text = re.sub(r"\s*\|\s*|\s*[(\[{（【]\s*", language.pause, text)
    text = re.sub(r"[^\S\n]*[)\]}）】](?=[^\S\n]*\w)", language.pause, text)
    text = re.sub(r"(?<=\s)[-–—]+(?=\s)|[–—]+", language.pause, text)
    text = re.sub(r"(?<!\w)-|-(?!\w)", " ", text)
    text = "".join(character for character in text if _is_spoken(character))
    if language.pause != ", ":
        text = re.sub(r"(?<=[\u3040-\u30ff\u4e00-\u9fff]), ?", language.pause, text)
    if language.unit_separator:
        text = re.sub(r"([,;:!?])(?=[^\W\d_])", r"\1 ", text)
    text = re.sub(r"(?<=[,.!?;:，。！？；：、…])\s*\n\s*", " ", text.strip())
    text = re.sub(r"\s*\n\s*", language.line_end, text)
    text = re.sub(r"[^\S\n]+", " ", text)
    text = re.sub(r" (?=[,.，。！？；：、…])", "", text)
    text = re.sub(r"[,，、]\s*(?=[,.!?;:，。！？；：、])", "", text)
    return text.strip().lstrip(",，、;；:：").strip()


def _is_spoken(character: str) -> bool:
    is_accent = "\u0300" <= character <= "\u036f"
    return character.isalpha() or character.isspace() or character in _PUNCTUATION or is_accent
