"""The engine: finds written patterns in a text and puts a language's words in their place.

Rules run one after the other over the text; what one has turned into words no later one touches,
so the specific ones come first.
"""

import re
from functools import cached_property

from wyoming_melotts.normalization import patterns
from wyoming_melotts.normalization.cleaning import clean
from wyoming_melotts.normalization.language import Handler, Language, Rule
from wyoming_melotts.normalization.patterns import Number, text_after, text_before
from wyoming_melotts.normalization.tidying import tidy, without_symbols


class Engine:
    """Says texts in one language."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def spoken_form(self, text: str) -> str:
        text = self._language.prepare(clean(text))
        if not any(character.isalnum() for character in text):
            return tidy(without_symbols(text), self._language)
        for pattern, handler in self._rules:
            text = pattern.sub(self._in_place(handler), text)
        return self._language.finish(tidy(text, self._language))

    def _in_place(self, handler: Handler) -> Handler:
        """Keep the words of `handler` apart from the letters and digits around them."""

        def replace(match: re.Match[str]) -> str:
            words = handler(match)
            before = match.string[match.start() - 1 : match.start()]
            after = match.string[match.end() : match.end() + 1]
            if words and before and self._language.needs_blank(before, words[0]):
                words = " " + words
            if words and after and self._language.needs_blank(words[-1], after):
                words += " "
            return words

        return replace

    @cached_property
    def _rules(self) -> list[Rule]:
        number, units = self._language.notation, self._language.units
        return [
            (patterns.LONG_DIGITS, lambda match: self._language.digits(match[0])),
            *self._language.early_rules(),
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
            (patterns.TIME_RANGE, lambda match: match["start"] + self._language.range_word),
            (patterns.TIME, self._time),
            (patterns.HOUR, self._time),
            (patterns.VERSION, self._version),
            (patterns.PHONE, lambda match: self._language.phone(match["phone"])),
            (number.money(), self._money),
            (patterns.DURATION, self._duration),
            (patterns.ABOUT, lambda _: self._language.about_word),
            (number.range(units.pattern), self._range),
            (number.quantity(units.pattern), self._quantity),
            (units.bare_pattern, lambda match: self._unit_alone(match[0])),
            (
                units.per_pattern,
                lambda match: self._language.per("", self._unit_alone(match["unit"])),
            ),
            (patterns.DATE_NO_YEAR, self._date_no_year),
            (patterns.VULGAR_FRACTION, self._fraction),
            *self._language.language_rules(),
            (patterns.SLASH_BETWEEN_WORDS, self._slash),
            (re.compile(r"\s*/\s*"), lambda _: self._language.pause),
            (patterns.RATIO, self._ratio),
            (number.number(), self._number),
            (re.compile(r"\d+"), lambda match: self._language.digits(match[0])),
            (self._symbol_pattern, lambda match: self._language.symbol_words[match["symbol"]]),
        ]

    @cached_property
    def _symbol_pattern(self) -> re.Pattern[str]:
        symbols = sorted(self._language.symbol_words, key=len, reverse=True)
        return re.compile(rf"[ ]?(?P<symbol>{'|'.join(map(re.escape, symbols))})[ ]?")

    def _number(self, match: re.Match[str]) -> str:
        number = self._language.notation.parse(match["number"])
        if patterns.RELEASE_BEFORE.search(text_before(match)) and number.fraction:
            return self._language.version([number.integer, number.fraction])
        return self._language.bare_number(number, match)

    def _quantity(self, match: re.Match[str]) -> str:
        number = self._language.notation.parse(match["number"])
        return self._language.quantity(number, self._language.units.canonical(match["unit"]))

    def _unit_alone(self, symbol: str) -> str:
        return self._language.with_unit("", self._language.units.canonical(symbol), True).strip()

    def _range(self, match: re.Match[str]) -> str:
        low, high = (
            self._language.notation.parse(match["low"]),
            self._language.notation.parse(match["high"]),
        )
        unit = match["unit"] or match["low_unit"]
        if not unit:
            return self._language.bare_range(low, high, match)
        unit = self._language.units.canonical(unit)
        amount = (
            self._language.measured(low, unit)
            + self._language.range_word
            + self._language.measured(high, unit)
        )
        low_unit = match["low_unit"] and self._language.units.canonical(match["low_unit"])
        if low_unit and low_unit != unit:
            return (
                self._language.quantity(low, low_unit)
                + self._language.range_word
                + self._language.quantity(high, unit)
            )
        return self._language.with_unit(amount, unit, False)

    def _money(self, match: re.Match[str]) -> str:
        amount = match["amount"] or match["amount_first"]
        number = self._language.notation.parse((match["sign"] or "") + amount)
        symbol = match["before"] or match["after"]
        return self._language.money(
            number, (match["scale"] or "").strip(), patterns.CURRENCIES[symbol]
        )

    def _duration(self, match: re.Match[str]) -> str:
        amounts = {"d": "days", "h": "hours", "min": "minutes", "s": "seconds"}
        return self._language.duration(
            [
                self._language.quantity(Number("", match[group], ""), unit)
                for unit, group in amounts.items()
                if match[group]
            ]
        )

    def _length_of_time(self, match: re.Match[str]) -> str:
        """Say 0:45:00 as a length where the words around it speak of one, else leave the clock."""
        around = text_before(match) + text_after(match)
        if not self._language.duration_context.search(around):
            return match[0]
        amounts = [("h", match["hours"]), ("min", match["minutes"]), ("s", match["seconds"])]
        return self._language.duration(
            [
                self._language.quantity(Number("", str(int(n)), ""), unit)
                for unit, n in amounts
                if int(n)
            ]
            or [self._language.quantity(Number("", "0", ""), "s")]
        )

    def _time(self, match: re.Match[str]) -> str:
        groups = match.groupdict()
        minute, second = groups.get("minute"), groups.get("second")
        return self._language.time(
            int(match["hour"]),
            int(minute) if minute else None,
            int(second) if second else None,
            (match["half"] or self._language.implied_half(match["hour"])).lower(),
        )

    def _slash(self, match: re.Match[str]) -> str:
        is_said = text_after(match).startswith(self._language.or_word.strip() or " ")  # and/or
        return " " if is_said else self._language.or_word

    def _ratio(self, match: re.Match[str]) -> str:
        return (
            self._language.whole(match["left"])
            + self._language.ratio_word
            + self._language.whole(match["right"])
        )

    def _fraction(self, match: re.Match[str]) -> str:
        numerator, denominator = int(match["numerator"]), int(match["denominator"])
        if denominator == 0:
            return match[0]
        whole = int(match["whole"]) if match["whole"] else None
        if whole is not None and not numerator < denominator <= 16:
            return f"{whole} {self._language.fraction(None, numerator, denominator)}"
        return self._language.fraction(whole, numerator, denominator)

    def _version(self, match: re.Match[str]) -> str:
        if re.fullmatch(
            rf"\d{{1,3}}(?:[{self._language.notation.thousands_marks}]\d{{3}})+", match[0]
        ):
            return match[0]
        mark = match["mark"] or match["short_mark"]
        said_before = re.search(
            rf"(?:version|{self._language.version_word.strip()})\s*$",
            text_before(match),
            re.IGNORECASE,
        )
        words = self._language.version((match["parts"] or match["short_parts"]).split("."))
        prefix = self._language.version_word if mark and not said_before else ""
        return prefix + words + (" " + match["stage"] if match["stage"] else "")

    def _address(self, match: re.Match[str]) -> str:
        address = match["address"].rstrip(".,!?;:/")
        tail = match["address"][len(address) :].rstrip("/")
        pieces = re.findall(r"[^\W\d_]+|\d+|.", address)
        return self._language.join_words([self._address_piece(piece) for piece in pieces]) + tail

    def _address_piece(self, piece: str) -> str:
        if piece.isdecimal():
            return (
                self._language.digits(piece)
                if len(piece) > 2
                else self._language.cardinal(int(piece))
            )
        return piece if piece.isalpha() else self._language.address_words.get(piece, "")

    @cached_property
    def _named_day_last(self) -> re.Pattern[str]:
        return re.compile(
            rf"{patterns.NOT_IN_WORD}{self._language.month_pattern}\.?\s(?P<day>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?"
            r"(?:,?\s(?P<year>[12]\d{3}))?(?![\d:%°]|[.,]\d|\s?[ap]\.?m)"
        )

    @cached_property
    def _named_day_first(self) -> re.Pattern[str]:
        return re.compile(
            rf"{patterns.NOT_IN_WORD}(?P<day>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?"
            rf"\s(?:of\s|de\s)?{self._language.month_pattern}"
            rf"(?![{patterns.LATIN}])(?:\.?,?\s(?:del?\s)?(?P<year>[12]\d{{3}})(?!\d))?"
        )

    def _named_date(self, match: re.Match[str]) -> str:
        year = int(match["year"]) if match["year"] else None
        month = self._language.month_number(match["month"])
        return self._language.named_date(year, month, int(match["day"]), text_before(match))

    def _date_year_first(self, match: re.Match[str]) -> str:
        zero_padded = match["month"].startswith("0") or match["day"].startswith("0")
        if match["mark"] == "." and not zero_padded and len(match["day"]) < 2:
            return match[0]  # a release such as 2026.11.3
        return self._language.date(int(match["year"]), int(match["month"]), int(match["day"]))

    def _date_year_last(self, match: re.Match[str]) -> str:
        month, day = self._month_and_day(match, day_first=match["mark"] != "/")
        if month > 12:
            return match[0]
        return self._language.date(int(match["year"]), month, day)

    def _date_no_year(self, match: re.Match[str]) -> str:
        month, day = self._month_and_day(match, day_first=self._language.notation.day_first)
        is_day_first = int(match["first"]) == day
        is_padded = match["first"].startswith("0") and len(match["second"]) == 2
        if (
            month > 12
            or (day < 13 and not is_padded)
            or (is_day_first and not self._language.notation.day_first)
        ):
            return match[0]  # a fraction
        return self._language.date(None, month, day)

    def _month_and_day(self, match: re.Match[str], *, day_first: bool) -> tuple[int, int]:
        """Tell day from month by size, where both fit by the language's habit."""
        first, second = int(match["first"]), int(match["second"])
        if first > 12 or (second <= 12 and (day_first or self._language.notation.day_first)):
            return second, first
        return first, second
