"""Upstream's numbers for languages, which checkpoints were trained with."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LanguageCodes:
    """A language's embedding, and what is added to its tones so that languages share one table."""

    language_id: int
    tone_start: int


LANGUAGE_CODES = {
    "ZH": LanguageCodes(language_id=3, tone_start=0),
    "EN": LanguageCodes(language_id=2, tone_start=7),
    "JP": LanguageCodes(language_id=1, tone_start=6),
    "KR": LanguageCodes(language_id=4, tone_start=11),
    "ES": LanguageCodes(language_id=5, tone_start=12),
    "FR": LanguageCodes(language_id=6, tone_start=13),
}
"""By the front-end's key. ZH is upstream's ZH_MIX_EN, whose English phones come with their tone
start already added."""

BLANK = 0
"""Stands between all phones of a voice with `add_blank`, with tone and language 0."""
