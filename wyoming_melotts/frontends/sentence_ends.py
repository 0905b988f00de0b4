"""How Spanish and French sentences begin and end."""

import re


def finish_sentence(text: str) -> str:
    """No punctuation at the beginning, single blanks, and a stop at the end."""
    text = re.sub(r"^[,.!?]+", "", text)
    text = re.sub(r"\s+", " ", text).strip()
    return text if not text or text[-1] in ".,!?-…" else text + "."
