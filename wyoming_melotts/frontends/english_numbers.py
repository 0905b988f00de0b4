"""Digits in English text become words: times, amounts of money, decimals, ordinals, years."""

import re
from functools import cache

import inflect

_TIME = re.compile(r"\b(0?[0-9]|1[0-9]|2[0-3]):([0-5][0-9])\s*(am|pm)?\b", re.IGNORECASE)
_THOUSANDS = re.compile(r"[0-9][0-9,]+[0-9]")
_MONEY = re.compile(r"([£$¥])([0-9,.]*[0-9]+)")
_DECIMAL = re.compile(r"([0-9]+)\.([0-9]+)")
_ORDINAL = re.compile(r"([0-9]+)(?:st|nd|rd|th)")
_INTEGER = re.compile(r"-?[0-9]+")

_DIGIT_NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_LONGEST_NAMED = 36  # digits of the largest number that inflect has a name for

# Sign: one unit, several units, one hundredth, several hundredths.
_CURRENCIES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "£": ("pound sterling", "pounds sterling", "penny", "pence"),
    "¥": ("yen", "yen", "sen", "sen"),
}


@cache
def _inflect() -> inflect.engine:
    return inflect.engine()


def expand_times(text: str) -> str:
    """``7:05 pm`` as ``seven oh five p m``; without am or pm the hour decides."""
    return _TIME.sub(_spoken_time, text)


def _spoken_time(match: re.Match[str]) -> str:
    hour, minute, half = int(match[1]), int(match[2]), match[3]
    # Upstream says "p m" for the hour after midnight too.
    half = half or ("pm" if hour >= 12 or hour == 0 else "am")
    words = [_cardinal((hour - 1) % 12 + 1)]
    if minute:
        words += ["oh"] * (minute < 10) + [_cardinal(minute)]
    return " ".join([*words, *half])


def expand_numbers(text: str) -> str:
    """All other digits; ``€`` is not known to upstream as a currency."""
    text = _THOUSANDS.sub(lambda match: match[0].replace(",", ""), text)
    text = _MONEY.sub(_amount, text)
    text = _DECIMAL.sub(r"\1 point \2", text)
    text = _ORDINAL.sub(_ordinal, text)
    return _INTEGER.sub(_integer, text)


def _amount(match: re.Match[str]) -> str:
    """``$3.50`` as ``3 dollars 50 cents``; what follows the point counts as a number of cents."""
    unit, units, hundredth, hundredths = _CURRENCIES[match[1]]
    parts = match[2].replace(",", "").split(".")
    if len(parts) > 2:
        return f"{match[2]} {units}"
    whole = parts[0].lstrip("0")
    fraction = parts[1].lstrip("0") if len(parts) > 1 else ""
    words = [f"{whole} {unit if whole == '1' else units}"] if whole else []
    if fraction:
        words.append(f"{fraction} {hundredth if fraction == '1' else hundredths}")
    return " ".join(words) or f"zero {units}"


def _ordinal(match: re.Match[str]) -> str:
    if len(match[1]) > _LONGEST_NAMED:
        return _digit_by_digit(match[1])
    return str(_inflect().number_to_words(match[0]))


def _integer(match: re.Match[str]) -> str:
    """A whole number; 1001 to 2999 are read as years."""
    if len(match[0]) > _LONGEST_NAMED:
        return _digit_by_digit(match[0])
    number = int(match[0])
    if not 1000 < number < 3000:
        return _cardinal(number)
    if number == 2000:
        return "two thousand"
    if 2000 < number < 2010:
        return "two thousand " + _cardinal(number % 100)
    if number % 100 == 0:
        return _cardinal(number // 100) + " hundred"
    pairs = _inflect().number_to_words(str(number), andword="", zero="oh", group=2)
    return str(pairs).replace(", ", " ")


def _cardinal(number: int) -> str:
    return str(_inflect().number_to_words(str(number), andword=""))


def _digit_by_digit(digits: str) -> str:
    return " ".join("minus" if char == "-" else _DIGIT_NAMES[int(char)] for char in digits)
