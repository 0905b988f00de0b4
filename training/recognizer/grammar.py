"""Random sentences of a grammar in the notation of Home Assistant's intents.

`[may be there]`, `(one|of|these)`, `(in;any;order)`, `<rule>` and `{slot}` or `{list:slot}`.
"""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Fill = Callable[[str, random.Random], str]
"""What to put for the slot of a name."""

_CLOSING = {"[": "]", "(": ")", "<": ">", "{": "}"}


@dataclass(frozen=True)
class Grammar:
    """Rules by name and a source of words for slots."""

    fill: Fill
    rules: Mapping[str, str] = field(default_factory=dict)

    def expand(self, template: str, rng: random.Random) -> str:
        """One sentence of `template`; raises ValueError where a bracket is not closed."""
        words = self._expand(template, rng)
        return re.sub(r"\s+", " ", words).strip()

    def _expand(self, template: str, rng: random.Random) -> str:
        for mark in "|;":
            parts = _split(template, mark)
            if len(parts) > 1 and mark == "|":
                return self._expand(rng.choice(parts), rng)
            if len(parts) > 1:
                rng.shuffle(parts)
                return " ".join(self._expand(part, rng) for part in parts)
        found, at = [], 0
        while at < len(template):
            opening = template[at]
            if opening not in _CLOSING:
                found.append(opening)
                at += 1
                continue
            end = _end(template, at)
            found.append(self._bracket(opening, template[at + 1 : end], rng))
            at = end + 1
        return "".join(found)

    def _bracket(self, opening: str, inside: str, rng: random.Random) -> str:
        if opening == "{":
            return self.fill(inside.split(":")[0], rng)
        if opening == "<":
            return self._expand(self.rules[inside], rng)
        if opening == "[" and rng.random() < 0.5:
            return ""
        return self._expand(inside, rng)


def _split(template: str, mark: str) -> list[str]:
    """The parts of `template` between marks that no bracket encloses."""
    parts, depth = [""], 0
    for letter in template:
        depth += (letter in "[(<{") - (letter in "])>}")
        if letter == mark and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _end(template: str, start: int) -> int:
    """Where the bracket that opens at `start` closes."""
    opening, closing = template[start], _CLOSING[template[start]]
    depth = 0
    for at in range(start, len(template)):
        depth += (template[at] == opening) - (template[at] == closing)
        if depth == 0:
            return at
    raise ValueError(f"{opening} is not closed in {template!r}")
