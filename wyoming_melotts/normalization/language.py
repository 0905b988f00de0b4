"""What every language can say: its vocabulary of numbers, units, dates, times and signs."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import cached_property

from wyoming_melotts.normalization.patterns import Notation, Number
from wyoming_melotts.normalization.units import UnitWords

Handler = Callable[[re.Match[str]], str]
Rule = tuple[re.Pattern[str], Handler]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_POWERS_OF_TEN = {"k": 3, "thousand": 3, "m": 6, "million": 6, "b": 9, "bn": 9, "billion": 9}


class Language(ABC):
    """One language's way to say what is written, in a subclass: tables, and methods that use them.

    Numbers come as `Number`, units as symbols of the `units` table; all methods return words.
    """

    notation = Notation(decimal_marks=".", thousands_marks=",")
    units: UnitWords
    digit_names: str | tuple[str, ...]
    point: str
    signs: Mapping[str, str]  # "-", "+", "±" before a number
    range_word: str  # between two numbers, with its blanks
    about_word: str  # for a tilde before a number
    or_word: str  # for a slash between words
    ratio_word: str
    version_word: str
    address_words: Mapping[str, str]  # what signs inside an address are called
    symbol_words: Mapping[str, str]  # what signs elsewhere are called
    currency_words: Mapping[str, str]
    month_names: str = ""  # alternatives of a regular expression, the English ones come anyway
    duration_context = re.compile(r"remaining|left|elapsed|duration|timer|took", re.IGNORECASE)
    digit_separator = ""
    unit_separator = ""  # between a number and its unit
    phone_separator = ""
    plus_before_phone = ""
    version_point = ""  # between the parts of a version, `point` if empty
    pause = ", "
    line_end = ". "

    @abstractmethod
    def cardinal(self, value: int) -> str:
        """Say how many."""

    @abstractmethod
    def date(self, year: int | None, month: int, day: int) -> str:
        """Say a calendar day."""

    @abstractmethod
    def time(self, hour: int, minute: int | None, second: int | None, half: str) -> str:
        """`half` is "a" or "p" where the text says so, else empty; `minute` None is a full hour."""

    @abstractmethod
    def fraction(self, whole: int | None, numerator: int, denominator: int) -> str:
        """Say a fraction, after a whole number where there is one."""

    @abstractmethod
    def per(self, amount: str, unit: str) -> str:
        """Say `amount` for each `unit`; both are words."""

    def language_rules(self) -> list[Rule]:
        """Rules of this language alone; they run when units have been said, before numbers."""
        return []

    def early_rules(self) -> list[Rule]:
        """Rules of this language alone that run before all others."""
        return []

    def prepare(self, text: str) -> str:
        """The first touch on a cleaned text."""
        return text

    def finish(self, text: str) -> str:
        """The last touch on a text without digits or signs."""
        return text

    def digits(self, digits: str) -> str:
        return self.digit_separator.join(self.digit_names[int(digit)] for digit in digits)

    def whole(self, digits: str) -> str:
        """Say a whole number, or a code (leading zero, or too long for an amount) by its digits."""
        is_code = len(digits) > 15 or (len(digits) > 1 and digits.startswith("0"))
        return self.digits(digits) if is_code else self.cardinal(int(digits))

    def number(self, number: Number) -> str:
        """Say a number without a unit."""
        return self.signs.get(number.sign, "") + self.magnitude(number)

    def magnitude(self, number: Number) -> str:
        """Say a number without its sign."""
        whole = self.whole(number.integer)
        if not number.fraction:
            return whole
        return whole + self.point + self.digits(number.fraction)

    def bare_number(self, number: Number, match: re.Match[str]) -> str:
        """Say a number that no other rule took; `match` shows what stands around it."""
        return self.number(number)

    def measured(self, number: Number, unit: str) -> str:
        """Say the number of a quantity; languages with grammatical gender or a word for below
        zero refine it. `unit` is canonical."""
        return self.number(number)

    def is_singular(self, number: Number) -> bool:
        return number.is_one

    def quantity(self, number: Number, unit: str) -> str:
        if unit == "K" and len(number.integer) < 4:
            return self.number(number) + self.unit_separator + "K"  # a 4K screen, not its colour
        return self.with_unit(self.measured(number, unit), unit, self.is_singular(number))

    def with_unit(self, amount: str, unit: str, singular: bool) -> str:
        if unit not in self.units and "/" in unit:
            unit, _, divisor = unit.partition("/")
            return self.per(
                self.with_unit(amount, unit, singular), self.units.noun(divisor).format("")
            )
        noun = self.units.noun(unit, singular=singular)
        if "{}" in noun:
            return noun.format(amount)
        return f"{amount}{self.unit_separator}{noun}"

    def money(self, number: Number, scale: str, currency: str) -> str:
        """Say an amount; `scale` is what stands behind it (`k`, `M`, `万`, ...), else empty."""
        if scale.lower() in _POWERS_OF_TEN:
            number, scale = number.scaled(_POWERS_OF_TEN[scale.lower()]), ""
        amount = self.number(number) + self.scale_word(scale)
        return f"{amount}{self.unit_separator}{self.currency_words[currency]}"

    def scale_word(self, scale: str) -> str:
        """Say what multiplies an amount: 万, million, ..."""
        return scale

    def phone(self, written: str) -> str:
        """Say a telephone number digit by digit, with a short stop between its groups."""
        groups = re.findall(r"\d+", written)
        plus = self.plus_before_phone or self.signs["+"]
        plus = plus if written.startswith("+") else ""
        return plus + self.phone_separator.join(self.phone_digits(group) for group in groups)

    def phone_digits(self, digits: str) -> str:
        return self.digits(digits)

    def version(self, parts: list[str]) -> str:
        point = self.version_point or self.point
        return point.join(self.version_part(part) for part in parts)

    def version_part(self, part: str) -> str:
        return self.whole(part)

    def needs_blank(self, left: str, right: str) -> bool:
        """Whether two neighbouring characters would run into one word."""
        return left.isalnum() and right.isalnum() and left.isascii() and right.isascii()

    def bare_range(self, low: Number, high: Number, match: re.Match[str]) -> str:
        """Say a range of plain numbers."""
        return self.number(low) + self.range_word + self.bare_number(high, match)

    def duration(self, amounts: list[str]) -> str:
        """Say a length of time from its parts, the longest unit first."""
        return self.unit_separator.join(amounts)

    def implied_half(self, written_hour: str) -> str:
        """Tell the half of the day ("a", "p") from an hour without one, where it is said."""
        return ""

    def join_words(self, words: list[str]) -> str:
        """Put words after each other as this language writes them."""
        return re.sub(" +", " ", " ".join(words))

    @cached_property
    def month_pattern(self) -> str:
        """A regular expression of month names, its group `month`."""
        english = (
            "Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|"
            "Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?"
        )
        return rf"(?P<month>{english}{'|' + self.month_names if self.month_names else ''})"

    def named_date(self, year: int | None, month: int, day: int, before: str) -> str:
        """Say a day written with its month's name; `before` is what stands before it."""
        return self.date(year, month, day)

    def month_number(self, name: str) -> int:
        return _MONTHS.index(name[:3].lower()) + 1
