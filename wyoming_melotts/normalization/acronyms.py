"""Capitals that are named letter by letter although no pronouncing dictionary says so."""

import re
from collections.abc import Mapping

from wyoming_melotts.normalization.patterns import LATIN

# In the CMU dictionary as another word, or not at all, though they look like words.
_SPELLED = frozenset(
    """
    AI AQI BLE CO DIY DND EPS EU EV GPIO GPU HA HDMI HVAC IAQ ID IEEE IO IOT IP IR ISO IT LED LLM
    OLED OS OTA PIR SOS SSID TVOC UI UPS US UTC UVI VOC
    """.split()  # noqa: SIM905
)
# Without a vowel, but in the CMU dictionary as a row of letters.
IN_ENGLISH_DICTIONARY = frozenset(
    ["BBC", "CD", "CNN", "DC", "DJ", "DVD", "GPS", "PC", "PM", "PPM", "TV"]
)
_CAPITALS = re.compile(rf"(?<![{LATIN}'-])[A-Z]{{2,5}}(?=s?(?![{LATIN}'’]))")
_VOWELS = frozenset("AEIOUY")


def spell_acronyms(
    text: str,
    letter_names: Mapping[str, str] | None = None,
    words: frozenset[str] = IN_ENGLISH_DICTIONARY,
) -> str:
    """Spell capitals that are named, not read (`HVAC`, `LED`), except those in `words`.

    Without `letter_names` (by letter) the letters themselves are put apart with blanks.
    """

    def spelled(match: re.Match[str]) -> str:
        capitals = match[0]
        is_named = capitals in _SPELLED or _VOWELS.isdisjoint(capitals)
        if not is_named or capitals in words:
            return capitals
        return " ".join(letter_names[letter] if letter_names else letter for letter in capitals)

    return _CAPITALS.sub(spelled, text)
