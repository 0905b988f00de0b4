"""Where to cut a text that is longer than it may be."""

import re

_PLACES = (
    re.compile(r"[.!?;](?!\d)['\")\]}’”]*|[。！？；…][”’」』）》】]*"),
    re.compile(r"[,:](?!\d)|[，、：]"),
    re.compile(r"\s+"),
    re.compile(r"[^A-Za-zÀ-ɏ0-9.,:+'’-]"),  # not within a Latin word or a number
)
"""The best first: after a sentence, a clause, a word, a character that stands for itself."""


def best_cut(text: str, longest: int) -> int:
    """The end of the first part of `text`: `longest` at most, half of it at least."""
    for place in _PLACES:
        ends = [match.end() for match in place.finditer(text, longest // 2 - 1, longest)]
        if ends:
            return ends[-1]
    return longest


def cut_long(text: str, longest: int) -> list[str]:
    """The parts of `text`, of at most `longest` characters each, without blanks around them."""
    parts: list[str] = []
    while len(text) > longest:
        end = best_cut(text, longest)
        parts.append(text[:end].strip())
        text = text[end:]
    return [part for part in (*parts, text.strip()) if part]
