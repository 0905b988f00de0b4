"""Words that a household says and a model does not know."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from wyoming_serving.errors import ErrorCode, ServiceError

TERM_SHARE = 0.5
"""Weight of `transcript_terms` against names: Wyoming gives names priority."""


@dataclass(frozen=True)
class Hotword:
    """A word or phrase, and how strongly it pulls (0 is not at all)."""

    text: str
    weight: float


def read_hotword_file(file: Path) -> list[str]:
    """One hotword a line; blank lines and lines that begin with `#` do not count.

    Raises:
        ServiceError: the file cannot be read.
    """
    try:
        lines = file.expanduser().read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ServiceError(
            ErrorCode.HOTWORD_FILE_INVALID, f"hotword file {file} cannot be read: {error}"
        ) from None
    stripped = (line.strip() for line in lines)
    return [line for line in stripped if line and not line.startswith("#")]


def merge_hotwords(
    weight: float, always: Iterable[str], names: Iterable[str], terms: Iterable[str], most: int
) -> tuple[Hotword, ...]:
    """The hotwords of one request, at most `most`; it looks at no more of each source.

    A word given twice keeps its first, stronger place.
    """
    if weight == 0:
        return ()
    merged: dict[str, Hotword] = {}
    for words, share in ((names, 1.0), (always, 1.0), (terms, TERM_SHARE)):
        for word in itertools.islice(words, most):
            text = " ".join(word.split())
            if text:
                merged.setdefault(text.lower(), Hotword(text, weight * share))
    return tuple(itertools.islice(merged.values(), most))
