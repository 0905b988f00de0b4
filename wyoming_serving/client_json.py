"""JSON as clients send it."""

import json
from typing import Any


def parse_object(raw: bytes | str) -> dict[str, Any]:
    r"""Returns the object that a client sent, with U+FFFD for each half of a character.

    JSON can write one (`"\ud83d"`, as where a client cuts a text within an emoji), but it cannot
    be encoded: it would fail wherever the text is sent, logged or tokenized.

    Raises:
        ValueError: it is no JSON object in UTF-8; the message ends a sentence about it.
    """
    try:
        text = raw.decode() if isinstance(raw, bytes) else raw
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("is not JSON") from None
    if not isinstance(value, dict):
        raise ValueError("is not a JSON object")
    return _without_halves(value) if "\\ud" in text.lower() else value


def _without_halves(value: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        halves = text.encode("utf-16", "surrogatepass")
        found: dict[str, Any] = json.loads(halves.decode("utf-16", "replace"))
        return found
    return value
