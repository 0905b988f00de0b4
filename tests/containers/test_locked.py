"""An image built today and one built in a year hold the same packages."""

import re
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CONSTRAINTS = Path(__file__).parents[2] / "constraints.txt"


def unlocked(package: str, extras: frozenset[str], locked: set[str]) -> set[str]:
    """Packages that this installed one brings in, whose version nothing fixes."""
    found: set[str] = set()
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [(package, extras)]
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in seen:
            continue
        seen.add((name, wanted))
        try:
            lines = requires(name) or []
        except PackageNotFoundError:  # an extra that is not installed here
            continue
        for requirement in map(Requirement, lines):
            markers = [{"extra": extra} for extra in wanted or {""}]
            if requirement.marker and not any(map(requirement.marker.evaluate, markers)):
                continue
            needed = canonicalize_name(requirement.name)
            if needed not in locked and "==" not in str(requirement.specifier):
                found.add(needed)
            waiting.append((needed, frozenset(requirement.extras)))
    return found


def test_every_package_of_the_images_is_pinned() -> None:
    lines = CONSTRAINTS.read_text(encoding="utf-8").split()
    assert all(re.fullmatch(r"[\w.-]+==[\w.+-]+", line) for line in lines)
    ours = "wyoming-funasr-melotts"
    locked = {canonicalize_name(line.split("==")[0]) for line in lines} | {ours}
    assert unlocked(ours, frozenset({"all", "dev"}), locked) == set()
