"""Languages: what a client asks for, what a model is told, which script is written."""

from collections.abc import Sequence

from wyoming_funasr.settings import ChineseScript
from wyoming_serving.errors import ErrorCode, ServiceError

ADVERTISED: dict[str, tuple[str, ...]] = {
    "zh": ("zh", "zh-CN", "zh-TW", "zh-HK", "zh-Hans", "zh-Hant"),
    "yue": ("yue",),
    "en": ("en",),
    "ja": ("ja",),
    "ko": ("ko",),
}
"""Tags in the info message for each language of a model.

Home Assistant stores, and later asks for, the advertised tag that fits its pipeline best. Only a
tag of its own tells a `zh-TW` pipeline from a `zh-CN` one; `en-GB`, `ja-JP` and `ko-KR` fall to
the plain language.
"""

_SHOWN_CHARACTERS = 40
"""Of an unknown tag, in the error that names it."""

_OPENCC: dict[str, str] = {
    "simplified": "t2s",
    "traditional": "s2t",
    "taiwan": "s2tw",
    "hongkong": "s2hk",
}


def advertised_tags(languages: Sequence[str]) -> list[str]:
    """The tags to advertise for a model that knows `languages`."""
    return [tag for language in languages for tag in ADVERTISED[language]]


def model_language(tag: str | None, default: str, known: Sequence[str]) -> str:
    """The language a model is told for a request's tag: one of `known`, or `auto`.

    `zh-HK` is Cantonese where the model knows it, as people there speak it.

    Raises:
        ServiceError: the model does not know the language.
    """
    if not tag or tag.lower() == "auto":
        return default if default in known else "auto"
    parts = tag.replace("_", "-").lower().split("-")
    language = parts[0]
    if language == "zh" and ("hk" in parts or "yue" in parts) and "yue" in known:
        return "yue"
    if language == "yue" and "yue" not in known:
        language = "zh"
    if language not in known:
        raise ServiceError(
            ErrorCode.UNSUPPORTED_LANGUAGE,
            f"language {tag[:_SHOWN_CHARACTERS]!r} is not known to this model; allowed: "
            f"{', '.join(advertised_tags(known))}",
        )
    return language


def opencc_conversions(script: ChineseScript) -> tuple[str, ...]:
    """All that `opencc_conversion` may return for some tag."""
    if script != "auto":
        return (_OPENCC[script],)
    return (_OPENCC["simplified"], _OPENCC["taiwan"], _OPENCC["hongkong"])


def opencc_conversion(tag: str | None, script: ChineseScript) -> str | None:
    """The OpenCC conversion for a request's tag; None leaves the text as it is.

    Taiwan and Hong Kong write some characters differently, so each gets its own conversion; a
    plain `zh-Hant` means Taiwan's, the larger of the two for Home Assistant.
    """
    if script != "auto":
        return _OPENCC[script]
    parts = (tag or "").replace("_", "-").lower().split("-")
    if parts[0] == "yue" or (parts[0] == "zh" and "hk" in parts):
        return _OPENCC["simplified"] if "hans" in parts else _OPENCC["hongkong"]
    if parts[0] != "zh":
        return None
    if "tw" in parts or "hant" in parts:
        return _OPENCC["taiwan"]
    return _OPENCC["simplified"] if len(parts) > 1 else None
