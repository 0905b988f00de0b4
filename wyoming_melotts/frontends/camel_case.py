"""Words written together with an inner capital (device names) are read apart."""

import re

_INNER_CAPITAL = re.compile(r"([a-z])([A-Z])")


def separate_camel_case(text: str) -> str:
    """``livingRoom`` becomes ``living Room``."""
    return _INNER_CAPITAL.sub(r"\1 \2", text)
