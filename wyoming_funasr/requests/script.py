"""A recognition in the characters, and with the names, that its reader expects."""

from dataclasses import replace
from itertools import accumulate, pairwise

from wyoming_funasr.recognition.home import HomeContext
from wyoming_funasr.recognition.text import convert_script
from wyoming_funasr.recognition.types import Recognition
from wyoming_funasr.requests.languages import opencc_conversion
from wyoming_funasr.settings import ChineseScript


def in_script(
    recognition: Recognition,
    tag: str | None,
    script: ChineseScript,
    home: HomeContext | None = None,
) -> Recognition:
    """The recognition, text and words, in the Chinese characters that its request asks for.

    Names in the text are written as the home writes them, so that they are found there.
    """
    converted = _in_characters(recognition, opencc_conversion(tag or recognition.language, script))
    if home is None:
        return converted
    return replace(
        converted,
        text=home.as_written(converted.text),
        alternatives=tuple(map(home.as_written, converted.alternatives)),
    )


def language_of(recognition: Recognition, told: str) -> str | None:
    """The language heard, or what the model was told, for models that do not tell it.

    None where there is no text.
    """
    return recognition.language or (told if recognition.text else None)


def _in_characters(recognition: Recognition, conversion: str | None) -> Recognition:
    if conversion is None:
        return recognition
    texts = _converted([word.text for word in recognition.words], conversion)
    return replace(
        recognition,
        text=convert_script(recognition.text, conversion),
        alternatives=tuple(convert_script(one, conversion) for one in recognition.alternatives),
        words=tuple(
            replace(word, text=text) for word, text in zip(recognition.words, texts, strict=True)
        ),
    )


def _converted(texts: list[str], conversion: str) -> list[str]:
    """Convert words as one text: what a character becomes depends on its neighbors."""
    together = "".join(texts)
    converted = convert_script(together, conversion)
    if len(converted) != len(together):
        return [convert_script(text, conversion) for text in texts]
    edges = accumulate(map(len, texts), initial=0)
    return [converted[start:stop] for start, stop in pairwise(edges)]
