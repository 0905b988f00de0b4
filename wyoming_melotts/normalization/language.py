"""The engine all languages share: written patterns in, words out, in a fixed order.

A language is a subclass with its tables (units, words) and its ways of saying numbers, dates,
times and money. Rules run one after the other over the text; what one has turned into words no
later one touches, so the specific ones come first.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import cached_property

from wyoming_melotts.normalization import patterns
from wyoming_melotts.normalization.cleaning import clean
from wyoming_melotts.normalization.patterns import Notation, Number, text_after, text_before
from wyoming_melotts.normalization.units import UnitWords

Handler = Callable[[re.Match[str]], str]
Rule = tuple[re.Pattern[str], Handler]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_POWERS_OF_TEN = {"k": 3, "thousand": 3, "m": 6, "million": 6, "b": 9, "bn": 9, "billion": 9}


class Language(ABC):
    """One language's way to say what is written. Tables are class attributes."""

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
    dropped_marks = '"“”«»„‹›「」『』《》〈〉‘'

    # -- what each language says its own way

    @abstractmethod
    def cardinal(self, value: int) -> str: ...

    @abstractmethod
    def date(self, year: int | None, month: int, day: int) -> str: ...

    @abstractmethod
    def time(self, hour: int, minute: int | None, second: int | None, half: str) -> str:
        """`half` is "a" or "p" where the text says so, else empty; `minute` None is a full hour."""

    @abstractmethod
    def fraction(self, whole: int | None, numerator: int, denominator: int) -> str: ...

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

    # -- numbers

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

    # -- quantities

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

    unit_separator = ""

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

    phone_separator = ""
    plus_before_phone = ""

    def phone_digits(self, digits: str) -> str:
        return self.digits(digits)

    @property
    def version_point(self) -> str:
        return self.point

    def version(self, parts: list[str]) -> str:
        return self.version_point.join(self.version_part(part) for part in parts)

    def version_part(self, part: str) -> str:
        return self.whole(part)

    # -- the engine

    def spoken_form(self, text: str) -> str:
        text = self.prepare(clean(text))
        if not any(character.isalnum() for character in text):
            return self._tidy(re.sub(r"[^\w\s,.!?;:，。！？；：、…¿¡]", "", text).replace("_", ""))
        for pattern, handler in self._rules:
            text = pattern.sub(self._in_place(handler), text)
        return self.finish(self._tidy(text))

    def _in_place(self, handler: Handler) -> Handler:
        """Keep the words of `handler` apart from the letters and digits around them."""

        def replace(match: re.Match[str]) -> str:
            words = handler(match)
            before = match.string[match.start() - 1 : match.start()]
            after = match.string[match.end() : match.end() + 1]
            if words and before and self.needs_blank(before, words[0]):
                words = " " + words
            if words and after and self.needs_blank(words[-1], after):
                words += " "
            return words

        return replace

    def needs_blank(self, left: str, right: str) -> bool:
        """Whether two neighbouring characters would run into one word."""
        return left.isalnum() and right.isalnum() and left.isascii() and right.isascii()

    @cached_property
    def _rules(self) -> list[Rule]:
        number, units = self.notation, self.units
        return [
            (patterns.LONG_DIGITS, lambda match: self.digits(match[0])),
            *self.early_rules(),
            (patterns.URL, self._address),
            (patterns.EMAIL, self._address),
            (patterns.MAC_ADDRESS, self._address),
            (patterns.IP_ADDRESS, self._address),
            (patterns.HOST, self._address),
            (patterns.FILE_NAME, self._address),
            (patterns.ENTITY_ID, lambda match: re.sub(r"[._]+", " ", match["name"])),
            (patterns.UNDERSCORE, lambda _: " "),
            (patterns.TIMESTAMP_TAIL, lambda match: " " + match["clock"]),
            (self._named_day_last, self._named_date),
            (self._named_day_first, self._named_date),
            (patterns.DATE_YEAR_FIRST, self._date_year_first),
            (patterns.DATE_YEAR_LAST, self._date_year_last),
            (patterns.LENGTH_OF_TIME, self._length_of_time),
            (patterns.TIME_RANGE, lambda match: match["start"] + self.range_word),
            (patterns.TIME, self._time),
            (patterns.HOUR, self._time),
            (patterns.VERSION, self._version),
            (patterns.PHONE, lambda match: self.phone(match["phone"])),
            (number.money(), self._money),
            (patterns.DURATION, self._duration),
            (patterns.ABOUT, lambda _: self.about_word),
            (number.range(units.pattern), self._range),
            (number.quantity(units.pattern), self._quantity),
            (units.bare_pattern, lambda match: self._unit_alone(match[0])),
            (units.per_pattern, lambda match: self.per("", self._unit_alone(match["unit"]))),
            (patterns.DATE_NO_YEAR, self._date_no_year),
            (patterns.VULGAR_FRACTION, self._fraction),
            *self.language_rules(),
            (patterns.SLASH_BETWEEN_WORDS, self._slash),
            (re.compile(r"\s*/\s*"), lambda _: self.pause),
            (patterns.RATIO, self._ratio),
            (number.number(), self._number),
            (re.compile(r"\d+"), lambda match: self.digits(match[0])),
            (self._symbol_pattern, lambda match: self.symbol_words[match["symbol"]]),
        ]

    @cached_property
    def _symbol_pattern(self) -> re.Pattern[str]:
        symbols = sorted(self.symbol_words, key=len, reverse=True)
        return re.compile(rf"[ ]?(?P<symbol>{'|'.join(map(re.escape, symbols))})[ ]?")

    def _number(self, match: re.Match[str]) -> str:
        number = self.notation.parse(match["number"])
        if patterns.RELEASE_BEFORE.search(text_before(match)) and number.fraction:
            return self.version([number.integer, number.fraction])
        return self.bare_number(number, match)

    def _quantity(self, match: re.Match[str]) -> str:
        number = self.notation.parse(match["number"])
        return self.quantity(number, self.units.canonical(match["unit"]))

    def _unit_alone(self, symbol: str) -> str:
        return self.with_unit("", self.units.canonical(symbol), True).strip()

    def _range(self, match: re.Match[str]) -> str:
        low, high = self.notation.parse(match["low"]), self.notation.parse(match["high"])
        unit = match["unit"] or match["low_unit"]
        if not unit:
            return self.bare_range(low, high, match)
        unit = self.units.canonical(unit)
        amount = self.measured(low, unit) + self.range_word + self.measured(high, unit)
        low_unit = match["low_unit"] and self.units.canonical(match["low_unit"])
        if low_unit and low_unit != unit:
            return self.quantity(low, low_unit) + self.range_word + self.quantity(high, unit)
        return self.with_unit(amount, unit, False)

    def bare_range(self, low: Number, high: Number, match: re.Match[str]) -> str:
        """Say a range of plain numbers."""
        return self.number(low) + self.range_word + self.bare_number(high, match)

    def _money(self, match: re.Match[str]) -> str:
        amount = match["amount"] or match["amount_first"]
        number = self.notation.parse((match["sign"] or "") + amount)
        symbol = match["before"] or match["after"]
        return self.money(number, (match["scale"] or "").strip(), patterns.CURRENCIES[symbol])

    def _duration(self, match: re.Match[str]) -> str:
        amounts = {"d": "days", "h": "hours", "min": "minutes", "s": "seconds"}
        return self.duration(
            [
                self.quantity(Number("", match[group], ""), unit)
                for unit, group in amounts.items()
                if match[group]
            ]
        )

    def _length_of_time(self, match: re.Match[str]) -> str:
        """Say 0:45:00 as a length where the words around it speak of one, else leave the clock."""
        around = text_before(match) + text_after(match)
        if not self.duration_context.search(around):
            return match[0]
        amounts = [("h", match["hours"]), ("min", match["minutes"]), ("s", match["seconds"])]
        return self.duration(
            [self.quantity(Number("", str(int(n)), ""), unit) for unit, n in amounts if int(n)]
            or [self.quantity(Number("", "0", ""), "s")]
        )

    def duration(self, amounts: list[str]) -> str:
        """Say a length of time from its parts, the longest unit first."""
        return self.unit_separator.join(amounts)

    def _time(self, match: re.Match[str]) -> str:
        groups = match.groupdict()
        minute, second = groups.get("minute"), groups.get("second")
        return self.time(
            int(match["hour"]),
            int(minute) if minute else None,
            int(second) if second else None,
            (match["half"] or self.implied_half(match["hour"])).lower(),
        )

    def implied_half(self, written_hour: str) -> str:
        """Tell the half of the day ("a", "p") from an hour without one, where it is said."""
        return ""

    def _slash(self, match: re.Match[str]) -> str:
        is_said = text_after(match).startswith(self.or_word.strip() or " ")  # and/or
        return " " if is_said else self.or_word

    def _ratio(self, match: re.Match[str]) -> str:
        return self.whole(match["left"]) + self.ratio_word + self.whole(match["right"])

    def _fraction(self, match: re.Match[str]) -> str:
        numerator, denominator = int(match["numerator"]), int(match["denominator"])
        if denominator == 0:
            return match[0]
        whole = int(match["whole"]) if match["whole"] else None
        if whole is not None and not numerator < denominator <= 16:
            return f"{whole} {self.fraction(None, numerator, denominator)}"
        return self.fraction(whole, numerator, denominator)

    def _version(self, match: re.Match[str]) -> str:
        if re.fullmatch(rf"\d{{1,3}}(?:[{self.notation.thousands_marks}]\d{{3}})+", match[0]):
            return match[0]
        mark = match["mark"] or match["short_mark"]
        said_before = re.search(
            rf"(?:version|{self.version_word.strip()})\s*$",
            text_before(match),
            re.IGNORECASE,
        )
        words = self.version((match["parts"] or match["short_parts"]).split("."))
        prefix = self.version_word if mark and not said_before else ""
        return prefix + words + (" " + match["stage"] if match["stage"] else "")

    def _address(self, match: re.Match[str]) -> str:
        address = match["address"].rstrip(".,!?;:/")
        tail = match["address"][len(address) :].rstrip("/")
        pieces = re.findall(r"[^\W\d_]+|\d+|.", address)
        return self.join_words([self._address_piece(piece) for piece in pieces]) + tail

    def _address_piece(self, piece: str) -> str:
        if piece.isdecimal():
            return self.digits(piece) if len(piece) > 2 else self.cardinal(int(piece))
        return piece if piece.isalpha() else self.address_words.get(piece, "")

    def join_words(self, words: list[str]) -> str:
        """Put words after each other as this language writes them."""
        return re.sub(" +", " ", " ".join(words))

    # -- dates

    @cached_property
    def _month_pattern(self) -> str:
        english = (
            "Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|"
            "Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?"
        )
        return rf"(?P<month>{english}{'|' + self.month_names if self.month_names else ''})"

    @cached_property
    def _named_day_last(self) -> re.Pattern[str]:
        return re.compile(
            rf"{patterns.NOT_IN_WORD}{self._month_pattern}\.?\s(?P<day>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?"
            r"(?:,?\s(?P<year>[12]\d{3}))?(?![\d:%°]|[.,]\d|\s?[ap]\.?m)"
        )

    @cached_property
    def _named_day_first(self) -> re.Pattern[str]:
        return re.compile(
            rf"{patterns.NOT_IN_WORD}(?P<day>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?"
            rf"\s(?:of\s|de\s)?{self._month_pattern}"
            rf"(?![{patterns.LATIN}])(?:\.?,?\s(?:del?\s)?(?P<year>[12]\d{{3}})(?!\d))?"
        )

    def month_number(self, name: str) -> int:
        return _MONTHS.index(name[:3].lower()) + 1

    def _named_date(self, match: re.Match[str]) -> str:
        year = int(match["year"]) if match["year"] else None
        return self.date(year, self.month_number(match["month"]), int(match["day"]))

    def _date_year_first(self, match: re.Match[str]) -> str:
        zero_padded = match["month"].startswith("0") or match["day"].startswith("0")
        if match["mark"] == "." and not zero_padded and len(match["day"]) < 2:
            return match[0]  # a release such as 2026.11.3
        return self.date(int(match["year"]), int(match["month"]), int(match["day"]))

    def _date_year_last(self, match: re.Match[str]) -> str:
        month, day = self._month_and_day(match, day_first=match["mark"] != "/")
        if month > 12:
            return match[0]
        return self.date(int(match["year"]), month, day)

    def _date_no_year(self, match: re.Match[str]) -> str:
        month, day = self._month_and_day(match, day_first=self.notation.day_first)
        is_day_first = int(match["first"]) == day
        is_padded = match["first"].startswith("0") and len(match["second"]) == 2
        if (
            month > 12
            or (day < 13 and not is_padded)
            or (is_day_first and not self.notation.day_first)
        ):
            return match[0]  # a fraction
        return self.date(None, month, day)

    def _month_and_day(self, match: re.Match[str], *, day_first: bool) -> tuple[int, int]:
        """Tell day from month by size, where both fit by the language's habit."""
        first, second = int(match["first"]), int(match["second"])
        if first > 12 or (second <= 12 and (day_first or self.notation.day_first)):
            return second, first
        return first, second

    # -- what is left

    def _tidy(self, text: str) -> str:
        text = re.sub(rf"[{self.dropped_marks}]", "", text)
        text = re.sub(rf"(?<![{patterns.LATIN}])['’]|['’](?![{patterns.LATIN}])", "", text)
        text = re.sub(r"\s*\|\s*", self.pause, text)
        text = re.sub(r"[\s]*[(\[{（【]\s*", self.pause, text)
        text = re.sub(r"[^\S\n]*[)\]}）】](?=[^\S\n]*\w)", self.pause, text)
        text = re.sub(r"(?<=\s)[-–—]+(?=\s)|[–—]+", self.pause, text)
        text = re.sub(r"(?<!\w)-|-(?!\w)", " ", text)
        text = "".join(character for character in text if self._is_spoken(character))
        if self.pause != ", ":
            text = re.sub(r"(?<=[\u3040-\u30ff\u4e00-\u9fff]), ?", self.pause, text)
        if self.unit_separator:
            text = re.sub(r"([,;:!?])(?=[^\W\d_])", r"\1 ", text)
        text = re.sub(r"(?<=[,.!?;:，。！？；：、…])\s*\n\s*", " ", text.strip())
        text = re.sub(r"\s*\n\s*", self.line_end, text)
        text = re.sub(r"[^\S\n]+", " ", text)
        text = re.sub(r" (?=[,.，。！？；：、…])", "", text)
        text = re.sub(r"[,，、]\s*(?=[,.!?;:，。！？；：、])", "", text)
        return text.strip().lstrip(",，、;；:：").strip()

    pause = ", "
    line_end = ". "

    @staticmethod
    def _is_spoken(character: str) -> bool:
        return (
            character.isalpha()
            or character in " \n'’-,.!?;:，。！？；：、…¿¡·ー・"
            or ("\u0300" <= character <= "\u036f")
        )
