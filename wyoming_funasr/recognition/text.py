"""Text that leaves the service: no tags, no emoji, the right Chinese characters."""

import re
from functools import lru_cache
from typing import Any

_TAG = re.compile(r"<\|[^|<>]*\|>")
_SPACES = re.compile(r"\s+")
_CJK = r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f"
_SPACE_IN_CJK = re.compile(rf"(?<=[{_CJK}]) (?=[{_CJK}])")


def clean(text: str) -> str:
    """Text without SenseVoice's tags (`<|zh|>`), with single spaces, none between CJK letters."""
    return _SPACE_IN_CJK.sub("", _SPACES.sub(" ", _TAG.sub("", text))).strip()


def join(texts: list[str]) -> str:
    """The texts of an utterance's segments as one."""
    return clean(" ".join(text for text in texts if text))


def following(before: str, text: str) -> str:
    """A text as it continues the one before it: with a space where `join` puts one."""
    needs_space = " " in join([before[-1:], text[:1]])
    return f" {text}" if needs_space else text


def convert_script(text: str, conversion: str | None) -> str:
    """Change Chinese characters by an OpenCC conversion such as `s2tw`; None changes nothing."""
    return text if conversion is None else str(_converter(conversion).convert(text))


@lru_cache(maxsize=4)
def _converter(conversion: str) -> Any:
    from opencc import OpenCC

    return OpenCC(conversion)
