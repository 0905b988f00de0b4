"""English, as an American voice says it."""

import re

from wyoming_melotts.normalization.acronyms import spell_acronyms
from wyoming_melotts.normalization.language import Rule
from wyoming_melotts.normalization.patterns import Number, text_after, text_before
from wyoming_melotts.normalization.spaced import SpacedLanguage, is_code_name
from wyoming_melotts.normalization.units import UnitWords

_MONTH_NAMES = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_WEEKDAYS = {
    "Mon": "Monday",
    "Tue": "Tuesday",
    "Tues": "Tuesday",
    "Wed": "Wednesday",
    "Thu": "Thursday",
    "Thur": "Thursday",
    "Thurs": "Thursday",
    "Fri": "Friday",
    "Sat": "Saturday",
    "Sun": "Sunday",
}
_ABBREVIATIONS = {
    "e.g.": "for example",
    "i.e.": "that is",
    "etc.": "et cetera",
    "approx.": "approximately",
    "vs.": "versus",
    "vs": "versus",
    "No.": "number",
    "w/o": "without",
    "w/": "with",
    "A/C": "A C",
    "N/A": "not available",
    "y/o": "years old",
    "NW": "northwest",
    "NE": "northeast",
    "SW": "southwest",
    "SE": "southeast",
    "24/7": "twenty-four seven",
    "Zigbee2MQTT": "Zigbee to M Q T T",
}
_NOUNS = {
    "%": "{} percent",
    "%RH": "{} percent relative humidity",
    "‰": "{} per mille",
    "°C": "degree Celsius|degrees Celsius",
    "°F": "degree Fahrenheit|degrees Fahrenheit",
    "C": "degree Celsius|degrees Celsius",
    "F": "degree Fahrenheit|degrees Fahrenheit",
    "°": "degree|degrees",
    "K": "kelvin",
    "W": "watt|watts",
    "Wh": "watt hour|watt hours",
    "VA": "volt ampere|volt amperes",
    "var": "var",
    "V": "volt|volts",
    "A": "amp|amps",
    "Ah": "amp hour|amp hours",
    "Hz": "hertz",
    "Pa": "pascal|pascals",
    "bar": "bar",
    "mmHg": "millimeter of mercury|millimeters of mercury",
    "inHg": "inch of mercury|inches of mercury",
    "psi": "P S I",
    "atm": "atmosphere|atmospheres",
    "g": "gram|grams",
    "t": "ton|tons",
    "lb": "pound|pounds",
    "oz": "ounce|ounces",
    "m": "meter|meters",
    "mi": "mile|miles",
    "ft": "foot|feet",
    "yd": "yard|yards",
    "mph": "mile per hour|miles per hour",
    "kn": "knot|knots",
    "m2": "square ~meter|square ~meters",
    "m3": "cubic ~meter|cubic ~meters",
    "ft2": "square foot|square feet",
    "ft3": "cubic foot|cubic feet",
    "ha": "hectare|hectares",
    "L": "liter|liters",
    "gal": "gallon|gallons",
    "tbsp": "tablespoon|tablespoons",
    "tsp": "teaspoon|teaspoons",
    "wk": "week|weeks",
    "yr": "year|years",
    "J": "joule|joules",
    "cal": "calorie|calories",
    "B": "byte|bytes",
    "bit": "bit|bits",
    "lx": "lux",
    "lm": "lumen|lumens",
    "cd": "candela",
    "dB": "decibel|decibels",
    "dBA": "decibel A|decibels A",
    "dBm": "decibel milliwatt|decibel milliwatts",
    "ppm": "part per million|parts per million",
    "ppb": "part per billion|parts per billion",
    "bpm": "beat per minute|beats per minute",
    "rpm": "revolution per minute|revolutions per minute",
    "fps": "frame per second|frames per second",
    "Ω": "ohm|ohms",
    "S": "siemens",
    "mol": "mole|moles",
    "d": "day|days",
    "h": "hour|hours",
    "min": "minute|minutes",
    "s": "second|seconds",
}
_PREFIXES = {
    "n": "nano",
    "μ": "micro",
    "m": "milli",
    "c": "centi",
    "d": "deci",
    "h": "hecto",
    "k": "kilo",
    "M": "mega",
    "G": "giga",
    "T": "tera",
    "P": "peta",
}
_SYMBOLS = {
    "&": "and",
    "@": "at",
    "+": "plus",
    "=": "equals",
    "×": "times",
    "÷": "divided by",
    "<": "less than",
    ">": "greater than",
    "≤": "at most",
    "≥": "at least",
    "≠": "is not",
    "±": "plus or minus",
    "→": "to",
    "%": "percent",
    "°": "degrees",
    "€": "euros",
    "$": "dollars",
    "£": "pounds",
}
_ADDRESS = {
    ".": "dot",
    "/": "slash",
    ":": "colon",
    "-": "dash",
    "_": "underscore",
    "@": "at",
    "?": "question mark",
    "=": "equals",
    "&": "and",
    "#": "hash",
    "%": "percent",
    "+": "plus",
    "~": "tilde",
}
# Main unit and hundredth, one and many.
_CURRENCIES = {
    "USD": (("dollar", "dollars"), ("cent", "cents")),
    "EUR": (("euro", "euros"), ("cent", "cents")),
    "GBP": (("pound", "pounds"), ("penny", "pence")),
    "CNY": (("yuan", "yuan"), None),
    "YEN_OR_YUAN": (("yen", "yen"), None),
    "JPY": (("yen", "yen"), None),
    "KRW": (("won", "won"), None),
    "HKD": (("Hong Kong dollar", "Hong Kong dollars"), ("cent", "cents")),
    "TWD": (("Taiwan dollar", "Taiwan dollars"), ("cent", "cents")),
    "INR": (("rupee", "rupees"), None),
}
_SCALES = {"k": " thousand", "bn": " billion", "m": " million", "b": " billion"}
_YEAR_BEFORE = re.compile(
    r"\b(?:(?:19|20)\d\d,|in|since|year|until|till|before|after|from|of|was|by|to|and|then|then,|"
    + "|".join(_MONTH_NAMES)
    + r"),?\s$",
    re.IGNORECASE,
)
_DECADE = re.compile(r"(?:(?<=[Tt]he )'?|(?<!\w)')(\d0)s\b")
_NOUN_AFTER = re.compile(
    r"\s(?!(?:and|or|to|was|is|were|are|has|had|will|the|at|in|on|with)\b)[a-z]"
)
_CODE_BEFORE = re.compile(
    r"\b(?:code|pin|password|dial|call|port|extension|zip)(?: is|:)?\s$", re.IGNORECASE
)


class English(SpacedLanguage):
    num2words_name = "en"
    units = UnitWords(_NOUNS, _PREFIXES)
    digit_names = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    point = " point "
    signs = {"-": "minus ", "+": "plus ", "±": "plus or minus "}  # noqa: RUF012
    range_word = " to "
    about_word = "about "
    or_word = " or "
    ratio_word = " to "
    version_word = "version "
    address_words = _ADDRESS
    symbol_words = _SYMBOLS

    def early_rules(self) -> list[Rule]:
        abbreviations = "|".join(map(re.escape, sorted(_ABBREVIATIONS, key=len, reverse=True)))
        return [
            (self._day_range, lambda m: f"{m['first']} to {self.ordinal(int(m['last']))}"),
            (_DECADE, lambda m: self._plural(self.cardinal(int(m[1])))),
            (re.compile(r"(?<=[A-Za-z])[-.](?=\d)"), lambda _: " "),
            (re.compile(r"(?<!\d)(\d)'\s?(1?\d)\b\"?"), lambda m: f"{m[1]} foot {m[2]}"),
            (
                re.compile(r"(?<=\d)\s?in(?=[.,]|$|\s(?:tall|wide|long|deep|high))"),
                lambda _: " inches",
            ),
            (re.compile(r"(?<=\d)\""), lambda m: " inch" if m.string.count('"') == 1 else '"'),
            (re.compile(r"\b(\d{3}0)s\b"), lambda m: self._plural(self.year(int(m[1])))),
            (
                re.compile(rf"(?<![\w.])(?:{abbreviations})(?!\w)"),
                lambda match: _ABBREVIATIONS[match[0]],
            ),
            (
                re.compile(
                    rf"\b({'|'.join(_WEEKDAYS)})\b\.?(?=,?\s(?:{'|'.join(self._months())}|\d))"
                ),
                lambda match: _WEEKDAYS[match[1]],
            ),
        ]

    @property
    def _day_range(self) -> re.Pattern[str]:
        return re.compile(
            rf"\b(?P<first>{self.month_pattern}\.?\s\d\d?)\s?[-–]\s?(?P<last>\d\d?)(?![\d:/-])"
        )

    def language_rules(self) -> list[Rule]:
        return [
            (re.compile(r"(\d+)(?:st|nd|rd|th)\b"), lambda m: self.ordinal(int(m[1]))),
            (re.compile(r"(?<!\w)#\s?(?=\d)"), lambda _: "number "),
            (re.compile(r"(?<=\d)/(?=\w)"), lambda _: " out of "),
            (re.compile(r"\b(\d\d?)(\d\d)(?=p\b)"), self._screen_lines),
            (re.compile(r"(?<=\d)(?:\s?[x*](?=\s?\d)|\s[x×](?=\s\w))"), lambda _: " times "),
        ]

    def finish(self, text: str) -> str:
        return spell_acronyms(text)

    @staticmethod
    def _months() -> list[str]:
        return [name[:3] for name in _MONTH_NAMES]

    def cardinal(self, value: int) -> str:
        return super().cardinal(value).replace(" and ", " ")

    def ordinal(self, value: int) -> str:
        return super().ordinal(value).replace(" and ", " ")

    def _screen_lines(self, match: re.Match[str]) -> str:
        return f"{self.cardinal(int(match[1]))} {self.cardinal(int(match[2]))}"

    @staticmethod
    def _plural(words: str) -> str:
        return words[:-1] + "ies" if words.endswith("y") else words + "s"

    def year(self, year: int) -> str:
        """Say a year in pairs (twenty twenty-six), but two thousand five."""
        century, rest = divmod(year, 100)
        if year < 1100 or 2000 <= year < 2010 or year % 1000 == 0:
            return self.cardinal(year)
        if rest == 0:
            return self.cardinal(century) + " hundred"
        return f"{self.cardinal(century)} {'oh ' if rest < 10 else ''}{self.cardinal(rest)}"

    def date(self, year: int | None, month: int, day: int) -> str:
        words = f"{_MONTH_NAMES[month - 1]} {self.ordinal(day)}"
        return f"{words}, {self.year(year)}" if year else words

    def named_date(self, year: int | None, month: int, day: int, before: str) -> str:
        if not before.lower().endswith("the "):
            return self.date(year, month, day)
        words = f"{self.ordinal(day)} of {_MONTH_NAMES[month - 1]}"
        return f"{words}, {self.year(year)}" if year else words

    def implied_half(self, written_hour: str) -> str:
        hour = int(written_hour)
        if 13 <= hour < 24:
            return "p"
        return "a" if hour in (0, 24) or written_hour.startswith("0") else ""

    def time(self, hour: int, minute: int | None, second: int | None, half: str) -> str:
        words = self.cardinal((hour - 1) % 12 + 1)
        if minute:
            words += f" {'oh ' if minute < 10 else ''}{self.cardinal(minute)}"
        elif not half and not second:
            words += " o'clock"
        if half:
            words += f" {half.upper()} M"
        if second:
            words += f" and {self.cardinal(second)} second{'' if second == 1 else 's'}"
        return words

    def fraction(self, whole: int | None, numerator: int, denominator: int) -> str:
        if whole is None and (numerator >= denominator or denominator > 100):
            return f"{self.cardinal(numerator)} {self.cardinal(denominator)}"
        names = {2: "half", 4: "quarter"}
        part = names.get(denominator) or self.ordinal(denominator)
        if numerator != 1:
            part = "halves" if denominator == 2 else part + "s"
        if whole is None:
            return f"{self.cardinal(numerator)} {part}"
        article = "a" if numerator == 1 else self.cardinal(numerator)
        return f"{self.cardinal(whole)} and {article} {part}"

    def per(self, amount: str, unit: str) -> str:
        return f"{amount} per {unit}"

    def duration(self, amounts: list[str]) -> str:
        if len(amounts) < 2:
            return " ".join(amounts)
        return " ".join(amounts[:-1]) + " and " + amounts[-1]

    def scale_word(self, scale: str) -> str:
        return _SCALES.get(scale.lower(), scale and " " + scale)

    def money(self, number: Number, scale: str, currency: str) -> str:
        main, hundredth = _CURRENCIES[currency]
        if scale or not hundredth or len(number.fraction) not in (1, 2):
            form = main[0] if number.is_one and not scale else main[1]
            return f"{self.number(number)}{self.scale_word(scale)} {form}"
        whole, cents = int(number.integer), int(number.fraction.ljust(2, "0"))
        parts = []
        if whole or not cents:
            parts.append(f"{self.whole(number.integer)} {main[whole != 1]}")
        if cents:
            parts.append(f"{self.cardinal(cents)} {hundredth[cents != 1]}")
        return self.signs.get(number.sign, "") + " and ".join(parts)

    def version_part(self, part: str) -> str:
        is_year = len(part) == 4 and part.startswith("20")
        return self.year(int(part)) if is_year else super().version_part(part)

    def bare_number(self, number: Number, match: re.Match[str]) -> str:
        before, after = text_before(match), text_after(match)
        if number.sign or number.fraction or "," in match[0]:
            return self.number(number)
        if is_code_name(match, number.integer) or _CODE_BEFORE.search(before):
            return self.digits(number.integer)
        is_year = re.fullmatch(r"(?:19|20)\d\d", number.integer)
        if is_year and _YEAR_BEFORE.search(before) and not _NOUN_AFTER.match(after):
            return self.year(int(number.integer))
        return self.number(number)
