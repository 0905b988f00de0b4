"""Names of a home in a text, and the text with a mark in place of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from wyoming_funasr.home.description import Area, Entity, Floor, Home, names_of
from wyoming_funasr.home.writing import compact

KINDS = {"name": "entities", "area": "areas", "floor": "floors"}
"""Home Assistant's lists of names, and what of a home they name."""

MARKS = {kind: chr(0xE000 + place) for place, kind in enumerate(KINDS)}
"""Stands in a text for any name of a kind (from Unicode's private use area)."""

_MOST_FORMS = 24


@dataclass(frozen=True)
class Mention:
    """A name of a kind at a place of a text; `domain` is the entity's, empty for other kinds."""

    start: int
    end: int
    kind: str
    domain: str


@dataclass(frozen=True)
class Form:
    """A text with marks for some of its names."""

    text: str
    kinds: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    """Of the entity that is named."""


@dataclass(frozen=True, slots=True)
class _Name:
    """A name, or an alias, of something in the home."""

    compact: str
    kind: str
    written: str
    entry: Floor | Area | Entity

    @property
    def domain(self) -> str:
        return self.entry.domain if isinstance(self.entry, Entity) else ""


class HomeNames:
    """The names of a home, found in a text however many there are."""

    def __init__(self, home: Home) -> None:
        self._by_start: dict[str, list[_Name]] = {}
        for kind, entries in KINDS.items():
            for one in getattr(home, entries):
                for written in names_of(one):
                    name = _Name(compact(written), kind, written, one)
                    if name.compact:
                        self._by_start.setdefault(name.compact[:2], []).append(name)

    def slot_lists(self, texts: Iterable[str]) -> dict[str, Any]:
        """The names that are in any of some compact texts, as hassil takes them."""
        from hassil.intents import TextSlotList

        found: dict[str, dict[tuple[str, str, str], None]] = {kind: {} for kind in KINDS}
        for text in texts:
            for _, name in self._found(text):
                found[name.kind][name.written, name.entry.name, name.domain] = None
        return {
            kind: TextSlotList.from_tuples(
                [
                    (written, meant, {"domain": domain} if domain else {})
                    for written, meant, domain in names
                ],
                allow_template=False,
            )
            for kind, names in found.items()
        }

    def mentions(self, text: str) -> list[Mention]:
        """Every name at every place of a compact text, the longest first."""
        found = (
            Mention(place, place + len(name.compact), name.kind, name.domain)
            for place, name in self._found(text)
        )
        return sorted(dict.fromkeys(found), key=lambda one: one.start - one.end)

    def _found(self, text: str) -> Iterator[tuple[int, _Name]]:
        for place in range(len(text)):
            for start in (text[place], text[place : place + 2]):
                for name in self._by_start.get(start, ()):
                    if len(name.compact) >= len(start) and text.startswith(name.compact, place):
                        yield place, name

    def forms(self, text: str) -> list[Form]:
        """The text itself, and with marks for one name or for two, each way once, in bounds."""
        spots: dict[tuple[int, int, str], set[str]] = {}
        for one in self.mentions(text):
            spots.setdefault((one.start, one.end, one.kind), set()).add(one.domain)
        found = [Form(text)]
        for chosen in _choices(list(spots)):
            if len(found) >= _MOST_FORMS:
                break
            marked = text
            for start, end, kind in sorted(chosen, reverse=True):
                marked = marked[:start] + MARKS[kind] + marked[end:]
            domains = (spots[spot] for spot in chosen if spot[2] == "name")
            kinds = frozenset(kind for _, _, kind in chosen)
            found.append(Form(marked, kinds, frozenset().union(*domains)))
        return found


_Spot = tuple[int, int, str]


def _choices(spots: list[_Spot]) -> Iterator[tuple[_Spot, ...]]:
    """Each spot, then each two that are of different kinds and apart."""
    yield from ((spot,) for spot in spots)
    for one, other in combinations(spots, 2):
        if one[2] != other[2] and (one[1] <= other[0] or other[1] <= one[0]):
            yield one, other
