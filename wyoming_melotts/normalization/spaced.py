"""What the languages with blanks between words and Latin letters share."""

import re

from num2words import num2words

from wyoming_melotts.normalization.language import Language
from wyoming_melotts.normalization.patterns import text_after, text_before


class SpacedLanguage(Language):
    """A language in Latin letters, its numbers from num2words."""

    num2words_name: str
    digit_separator = " "
    unit_separator = " "
    phone_separator = ", "

    def needs_blank(self, left: str, right: str) -> bool:
        return left.isalnum() and right.isalnum()

    def cardinal(self, value: int) -> str:
        words: str = num2words(value, lang=self.num2words_name)
        return words.replace(",", "")

    def ordinal(self, value: int) -> str:
        words: str = num2words(value, lang=self.num2words_name, to="ordinal")
        return words.replace(",", "")


def word_after(match: re.Match[str]) -> str:
    """Return the next word of the text, in lower case, if only a blank stands before it."""
    following = re.match(r"\s([^\W\d_]+)", text_after(match))
    return following[1].lower() if following else ""


def is_code_name(match: re.Match[str], digits: str) -> bool:
    """Whether digits belong to a name such as ESP8266: at least three after a letter."""
    return len(digits) > 2 and re.search(r"[A-Za-z]-?$", text_before(match)) is not None
