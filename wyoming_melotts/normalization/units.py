"""Unit symbols: which exist, how people mistype them, and their words in a language's tables."""

import re
from collections.abc import Mapping

# Which SI prefixes a base symbol takes in a home (nobody writes decawatts).
_PREFIXES_BY_BASE = {
    "W": "mkMGT",
    "Wh": "mkMGT",
    "VA": "k",
    "var": "k",
    "V": "μmkM",
    "A": "μmk",
    "Ah": "mk",
    "Hz": "kMGT",
    "Pa": "hkM",
    "g": "nμmk",
    "m": "nμmcdk",
    "m2": "mck",
    "m3": "mcd",
    "L": "μmcdh",
    "J": "kMG",
    "B": "kMGTP",
    "bit": "kMGT",
    "cal": "k",
    "bar": "m",
    "s": "nμm",
    "Ω": "mkM",
    "S": "μm",
    "lx": "k",
    "mol": "μm",
}
_SAME_UNIT = {
    "l": "L",
    "ml": "mL",
    "dl": "dL",
    "cl": "cL",
    "hl": "hL",
    "μl": "μL",
    "lux": "lx",
    "sec": "s",
    "secs": "s",
    "mins": "min",
    "hr": "h",
    "hrs": "h",
    "lbs": "lb",
    "sqm": "m2",
    "sq m": "m2",
    "sq ft": "ft2",
    "cu ft": "ft3",
    "kph": "km/h",
    "kmh": "km/h",
    "kmph": "km/h",
    "m^2": "m2",
    "m^3": "m3",
    "bps": "bit/s",
    "kbps": "kbit/s",
    "Mbps": "Mbit/s",
    "Gbps": "Gbit/s",
    "Kbps": "kbit/s",
    "KB": "kB",
    "KiB": "kB",
    "MiB": "MB",
    "GiB": "GB",
    "TiB": "TB",
    "Mb": "Mbit",
    "Gb": "Gbit",
    "kb": "kbit",
    "℃": "°C",
    "℉": "°F",
    "° C": "°C",
    "° F": "°F",
    "Ohm": "Ω",
    "ohm": "Ω",
}
_PREFIX_HERE = "~"  # in a noun whose prefix does not come first: "square ~meter"
_CASE_MATTERS = frozenset({"VA", "cd", "ha", "mi", "kn", "va", "CD"})
_ONLY_ATTACHED = frozenset({"C", "F", "d"})


class UnitWords:
    """The words of one language for unit symbols.

    `nouns` maps a symbol to `one|many`, to a single form, or to a template with `{}` for the
    number's words; `prefixes` maps SI prefixes to their words, put before the nouns they apply to.
    """

    def __init__(self, nouns: Mapping[str, str], prefixes: Mapping[str, str]) -> None:
        self._nouns = {**_prefixed(nouns, prefixes), **nouns}
        self._canonical = _spellings(self._nouns)
        atoms = sorted(self._canonical, key=len, reverse=True)
        atom = "|".join(
            (r"(?<=\d)" if symbol in _ONLY_ATTACHED else "") + re.escape(symbol) for symbol in atoms
        )
        ends = r"(?:(?<=[%‰°])|(?![A-Za-zÀ-ɏ0-9_'’]))"
        self.pattern = rf"(?:(?:{atom})(?:/(?:{atom}))?{ends})"
        signs = "|".join(re.escape(symbol) for symbol in atoms if not symbol.isalnum())
        self.bare_pattern = re.compile(
            rf"(?<![A-Za-z])(?:(?:{atom})/(?:{atom}){ends}|(?:{signs}){ends})"
        )
        self.per_pattern = re.compile(rf"(?<=\w)\s?/\s?(?P<unit>{atom}){ends}")

    def canonical(self, symbol: str) -> str:
        """Return the table's symbol for a written one; compounds keep their slash."""
        if symbol in self._canonical:
            return self._canonical[symbol]
        return "/".join(self._canonical[part] for part in symbol.split("/"))

    def __contains__(self, symbol: str) -> bool:
        return symbol in self._nouns

    def noun(self, symbol: str, *, singular: bool = True) -> str:
        """Return the word (or template) of a canonical symbol that is no compound."""
        one, _, many = self._nouns[symbol].partition("|")
        return (one if singular or not many else many).replace(_PREFIX_HERE, "")


def _prefixed(nouns: Mapping[str, str], prefixes: Mapping[str, str]) -> dict[str, str]:
    return {
        prefix + base: "|".join(_with_prefix(prefixes[prefix], form) for form in forms)
        for base, allowed in _PREFIXES_BY_BASE.items()
        for prefix in allowed
        if prefix in prefixes and base in nouns and "{}" not in nouns[base]
        for forms in [nouns[base].split("|")]
    }


def _with_prefix(prefix: str, noun: str) -> str:
    """Put a prefix before the unit's own word, which a power (`square metre`) may precede."""
    power, _, word = noun.rpartition(_PREFIX_HERE)
    return f"{power}{prefix}{word}"


def _spellings(nouns: Mapping[str, str]) -> dict[str, str]:
    """Map every way a symbol is typed, upper and lower case too, to the table's symbol."""
    spellings = {symbol: symbol for symbol in nouns}
    for written, symbol in _SAME_UNIT.items():
        if all(part in nouns for part in symbol.split("/")):
            spellings.setdefault(written, symbol)
    for symbol in list(spellings):
        if len(symbol) > 1 and symbol not in _CASE_MATTERS:
            spellings.setdefault(symbol.lower(), spellings[symbol])
            spellings.setdefault(symbol.upper(), spellings[symbol])
        if symbol.startswith("μ"):
            spellings.setdefault("u" + symbol[1:], spellings[symbol])
    return spellings
