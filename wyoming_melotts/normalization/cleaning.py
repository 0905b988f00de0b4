"""Take away what is never spoken: markup, emoji, invisible characters, odd forms of letters."""

import re
import unicodedata

import emoji

# East Asian punctuation and single Korean letters (ㅋㅋ) stay as written; everything else takes its
# compatibility form (NFKC).
_KEPT_PUNCTUATION = "，。！？；：、（）【】《》〈〉「」『』“”‘’…—～〜・\u3131-\u318e"
_COMPATIBILITY_RUN = re.compile(f"[^{_KEPT_PUNCTUATION}]+")
_WIDE_SIGN_IN_NUMBER = re.compile(r"(?<=\d)[：．](?=\d)")
_NARROW = {"：": ":", "．": "."}

_MARKDOWN: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.MULTILINE), replacement)
    for pattern, replacement in (
        (r"^[ \t]*(```|~~~).*$", ""),
        (r"!?\[([^\]\n]*)\]\([^)\s]*\)", r"\1"),
        (r"</?[A-Za-z][^<>\n]*>", " "),
        (r"^[ \t]*#{1,6}[ \t]+", ""),
        (r"^[ \t]*>[ \t]?", ""),
        (r"^[ \t]*[-*+•][ \t]+(?:\[[ xX]\][ \t]+)?(?=\S)", ""),
        (r"^[ \t]*(\d+)[.)][ \t]+", r"\1, "),
        (r"^[ \t]*([-*_=])(?:[ \t]*\1){2,}[ \t]*$", ""),
        (r"\*\*([^*\n]+)\*\*", r"\1"),
        (r"(?<![\w*])\*([^*\s](?:[^*\n]*[^*\s])?)\*(?![\w*])", r"\1"),
        (r"~~([^~\n]+)~~", r"\1"),
        (r"(?<!\w)__([^_\n]+)__(?!\w)", r"\1"),
        (r"(?<!\w)_([^_\s](?:[^_\n]*[^_\s])?)_(?!\w)", r"\1"),
        (r"`([^`\n]*)`", r"\1"),
    )
)


def clean(text: str) -> str:
    """Return `text` without markup, emoji and control characters, in composed, narrow letters."""
    for pattern, replacement in _MARKDOWN:
        text = pattern.sub(replacement, text)
    text = re.sub("([0-9#*])\ufe0f?\u20e3", r"\1 ", text)  # a keycap emoji is still a digit
    text = emoji.replace_emoji(text, " ")
    text = re.sub(r"[º˚](?=[CF])", "°", text)  # an ordinal sign typed for a degree sign
    text = re.sub(r"(?<=\d)(?=[¼½¾⅐-⅞])", " ", text)  # 1½ is one and a half, not eleven halves
    text = re.sub(r"(?<=[A-Za-z])[⁻^]?([²³])", lambda m: "23"["²³".index(m[1])], text)
    text = text.replace("^", " ")
    text = re.sub("[①-⑳]", lambda mark: f" {int(unicodedata.numeric(mark[0]))}, ", text)
    text = _COMPATIBILITY_RUN.sub(lambda run: unicodedata.normalize("NFKC", run[0]), text)
    text = _WIDE_SIGN_IN_NUMBER.sub(lambda sign: _NARROW[sign[0]], text)
    text = re.sub(r"[\u2010\u2011\u2212\ufe63]", "-", text)
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if character.isspace():
        return "\n" if character in "\n\u2028\u2029" else " "
    if category.startswith("C") or category == "Sk":
        return ""
    return _ascii_digit(character) if category == "Nd" else character


def _ascii_digit(character: str) -> str:
    return str(unicodedata.decimal(character))


def without_accents(word: str) -> str:
    """Return a Latin word in plain letters."""
    decomposed = unicodedata.normalize("NFD", word)
    return "".join(character for character in decomposed if not unicodedata.combining(character))
