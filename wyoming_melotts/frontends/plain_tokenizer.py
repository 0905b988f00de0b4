"""Word pieces for a voice that was trained without BERT, so has no vocabulary to bring."""

import re

_PIECES = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"  # one kana or Chinese character
    r"|[^\W_\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+"  # one word
    r"|[^\w\s]|_"
)


class PlainTokenizer:
    """Cuts as an uncased BERT does before it looks words up: words, characters, signs."""

    def tokenize(self, text: str) -> list[str]:
        """The pieces of a text."""
        return _PIECES.findall(text.lower())
