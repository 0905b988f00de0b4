"""Names of a home in a text, and the text with a mark in place of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from wyoming_funasr.home.description import Home, names_of
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


class HomeNames:
    """The names of a home, found in a text however many there are."""

    def __init__(self, home: Home) -> None:
        self._by_start: dict[str, list[tuple[str, str, str]]] = {}
        for kind, entries in KINDS.items():
            for one in getattr(home, entries):
                for name in filter(None, map(compact, names_of(one))):
                    known = (name, kind, getattr(one, "domain", ""))
                    self._by_start.setdefault(name[:2], []).append(known)

    def mentions(self, text: str) -> list[Mention]:
        """Every name at every place of a compact text, the longest first."""
        found = [
            Mention(place, place + len(name), kind, domain)
            for place in range(len(text))
            for start in {text[place], text[place : place + 2]}
            for name, kind, domain in self._by_start.get(start, ())
            if text.startswith(name, place)
        ]
        return sorted(dict.fromkeys(found), key=lambda one: one.start - one.end)

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
