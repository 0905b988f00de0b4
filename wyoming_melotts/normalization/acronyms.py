"""Capitals that are named letter by letter although no pronouncing dictionary says so."""

import re

# In the CMU dictionary as another word, or not at all, though they look like words.
_SPELLED = frozenset(
    """
    AI AQI BLE CO DIY DND EPS EU EV GPIO GPU HA HDMI HVAC IAQ ID IEEE IO IOT IP IR ISO IT LED LLM
    OLED OS OTA PIR SOS SSID TVOC UI UPS US UVI VOC
    """.split()  # noqa: SIM905
)
# Without a vowel, but in the CMU dictionary as a row of letters.
_IN_DICTIONARY = frozenset(["BBC", "CD", "CNN", "DC", "DJ", "DVD", "GPS", "PC", "PM", "PPM", "TV"])
_CAPITALS = re.compile(r"(?<![A-Za-z'-])[A-Z]{2,5}(?=s?(?![A-Za-z]))")
_VOWELS = frozenset("AEIOUY")


def spell_acronyms(text: str) -> str:
    """Put blanks between the letters of capitals that are named, not read (`HVAC`, `LED`)."""
    return _CAPITALS.sub(lambda match: _spelled(match[0]), text)


def _spelled(capitals: str) -> str:
    is_named = capitals in _SPELLED or _VOWELS.isdisjoint(capitals)
    return " ".join(capitals) if is_named and capitals not in _IN_DICTIONARY else capitals
