"""How homes write things: regular expressions for written patterns, with named groups.

Those that hold numbers depend on how a language marks decimals, so `Notation` builds them.
"""

import re
from dataclasses import dataclass

LATIN = "A-Za-zÀ-ÖØ-öø-ɏ"
NOT_IN_WORD = rf"(?<![0-9{LATIN}_])"
LATIN_WORD = re.compile(rf"[{LATIN}](?:[{LATIN}'’-]*[{LATIN}])?")
WORD_PARTS = re.compile(r"['’-]|(?<=[a-z])(?=[A-Z])")  # hyphens and humps: HomeKit, Wi-Fi
_WORD_ENDS = rf"(?![0-9{LATIN}_])"
_LAST_LABELS = (
    "com|org|net|edu|gov|io|cn|de|fr|es|jp|kr|uk|eu|tw|hk|us|me|tv|dev|app|ai|cc|co|info|local|lan"
)
_FILE_TYPES = "yaml|yml|json|txt|csv|log|py|js|css|html|zip|pdf|jpe?g|png|gif|svg|mp[34]|wav|flac"
_ENTITY_DOMAINS = (
    "alarm_control_panel|automation|binary_sensor|button|calendar|camera|climate|cover|"
    "device_tracker|event|fan|group|humidifier|image|input_boolean|input_button|input_datetime|"
    "input_number|input_select|input_text|lawn_mower|light|lock|media_player|notify|number|person|"
    "plant|remote|scene|schedule|script|select|sensor|siren|sun|switch|text|timer|todo|tts|update|"
    "vacuum|valve|water_heater|weather|zone"
)

LONG_DIGITS = re.compile(r"\d{19,}")
URL = re.compile(
    r"(?<![A-Za-z])(?:https?|wss?|ftp|tcp|mqtts?|rtsp)://(?P<address>[^\s<>\"'，。！？；、（）「」)]+)"
)
EMAIL = re.compile(
    r"(?<![\w.])(?P<address>[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})"
)
HOST = re.compile(
    rf"{NOT_IN_WORD}(?P<address>(?:[A-Za-z0-9-]{{1,63}}\.){{1,8}}(?:{_LAST_LABELS})"
    rf"{_WORD_ENDS}(?::\d+)?(?:/[A-Za-z0-9_./?=&%#-]*)?)"
)
IP_ADDRESS = re.compile(
    r"(?<![\d.])(?P<address>(?:\d{1,3}\.){3}\d{1,3}(?::\d{2,5}|/\d{1,2})?)(?![\d.]*\d)"
)
MAC_ADDRESS = re.compile(r"(?<![\w:])(?P<address>[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5})(?![\w:])")
ENTITY_ID = re.compile(
    rf"{NOT_IN_WORD}(?P<name>(?:{_ENTITY_DOMAINS})\.[a-z0-9_]+|[a-z][a-z0-9_]*\.[a-z0-9]+_[a-z0-9_]+)"
)
FILE_NAME = re.compile(
    rf"{NOT_IN_WORD}(?P<address>[A-Za-z0-9_/-]{{1,80}}\.(?:{_FILE_TYPES})){_WORD_ENDS}"
)
UNDERSCORE = re.compile(r"_+")

TIMESTAMP_TAIL = re.compile(
    r"(?<=\d-\d\d)[T ](?P<clock>\d\d:\d\d(?::\d\d)?)(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?(?!\d)"
)
DATE_YEAR_FIRST = re.compile(
    r"(?<![\d./-])(?P<year>[12]\d{3})(?P<mark>[-/.])(?P<month>0?[1-9]|1[0-2])(?P=mark)"
    r"(?P<day>0?[1-9]|[12]\d|3[01])(?![\d/-]|\.\d)"
)
DATE_YEAR_LAST = re.compile(
    r"(?<![\d./-])(?P<first>0?[1-9]|[12]\d|3[01])(?P<mark>[-/.])(?P<second>0?[1-9]|[12]\d|3[01])"
    r"(?P=mark)(?P<year>[12]\d{3})(?![\d/-]|\.\d)"
)
DATE_NO_YEAR = re.compile(
    r"(?<![\d./-])(?P<first>0?[1-9]|[12]\d|3[01])/(?P<second>0?[1-9]|[12]\d|3[01])(?![\d/-]|\.\d)"
)

_CLOCK = r"(?:[01]?\d|2[0-4]):[0-5]\d(?::[0-5]\d)?"
_HALF_DAY = r"(?P<half>[AaPp])(?:\.\s?[Mm]\.(?!\s*$)(?!\s+[A-Z])|\.?\s?[Mm](?![A-Za-z]))"
TIME_RANGE = re.compile(
    rf"(?<![\d:])(?P<start>{_CLOCK}(?:\s?[AaPp]\.?[Mm]\.?)?)\s*(?:-|–|—|~|～|〜)\s*(?={_CLOCK}(?![\d:]))"
)
TIME = re.compile(
    r"(?<![\d:.,A-Za-z])(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?![\d:])"
    rf"(?:\s?{_HALF_DAY})?"
)
HOUR = re.compile(rf"(?<![\d:.,])(?P<hour>1[0-2]|0?[1-9])\s?{_HALF_DAY}")
LENGTH_OF_TIME = re.compile(
    r"(?<![\d:.])(?P<hours>\d{1,3}):(?P<minutes>[0-5]\d):(?P<seconds>[0-5]\d)(?![\d:])"
)
RATIO = re.compile(r"(?<![\d:.])(?P<left>\d+)\s?:\s?(?P<right>\d+)(?![\d:])")
DURATION = re.compile(
    r"(?<![\d.,:A-Za-z])"
    r"(?=\d+\s?(?:d|days?|h|hrs?|hours?|min|mins|m)\s?\d)"
    r"(?:(?P<days>\d+)\s?(?:d|days?)\s?)?"
    r"(?:(?P<hours>\d+)\s?(?:h|hrs?|hours?)\s?)?"
    r"(?:(?P<minutes>\d+)\s?(?:min|mins|minutes?|m)\s?)?"
    r"(?:(?P<seconds>\d+)\s?(?:s|secs?|seconds?))?"
    r"(?<=[a-z])(?![A-Za-z0-9])"
)

VERSION = re.compile(
    rf"(?<![\d.{LATIN}])(?P<mark>[Vv]\.?\s?)?(?P<parts>\d+(?:\.\d+){{2,}})(?P<stage>(?:a|b|rc|beta|dev)\d+)?(?![\d{LATIN}])"
    rf"|(?<![\d.{LATIN}])(?P<short_mark>[Vv])(?P<short_parts>\d+(?:\.\d+)*)(?![\d{LATIN}])"
)
RELEASE_BEFORE = re.compile(
    r"(?:Home Assistant|Core|\bHA|OS|ESPHome|version|versión|版本|バージョン|버전|升级|更新)"
    r"(?:\s?(?:is|为|到|至|à|a|to|sur|は))?\s?$",
    re.IGNORECASE,
)
PHONE = re.compile(
    r"(?<![\d.,:/A-Za-z-])(?P<phone>"
    r"\+\d{1,3}[ -]?(?:\(\d{1,4}\)[ -]?)?\d{1,4}(?:[ -]?\d{2,4}){1,5}"
    r"|\(\d{2,4}\)\s?\d{3,4}[- ]?\d{4}"
    r"|0\d{1,3}-\d{3,4}-\d{4}|0\d{2,3}-\d{7,8}|[48]00-?\d{3}-?\d{4}"
    r"|\d{3}-\d{3}-\d{4}|\d{3}-\d{4}"
    r"|0\d(?: \d\d){4}|[6789]\d{2}(?: \d{3}){2}|[6789]\d{2}(?: \d\d){3}"
    r"|[89]\d(?: \d{3})(?: \d\d){2}"
    r"|1[3-9]\d{9}|1[3-9]\d[ -]\d{4}[ -]\d{4}"
    r")(?![\d/-]|[.,:]\d)"
)
ABOUT = re.compile(r"(?<![\w)%°])\s?[~～〜≈]\s?(?=[-+]?\d)")
SLASH_BETWEEN_WORDS = re.compile(r"(?<=\w)/(?=\w)")
VULGAR_FRACTION = re.compile(
    r"(?<![\d./⁄])(?:(?P<whole>\d+)\s)?(?P<numerator>\d{1,3})(?P<bar>[/⁄])(?P<denominator>\d{1,3})(?![\d/⁄]|\.\d)"
)

CURRENCIES = {
    "$": "USD",
    "US$": "USD",
    "USD": "USD",
    "€": "EUR",
    "EUR": "EUR",
    "£": "GBP",
    "GBP": "GBP",
    "¥": "YEN_OR_YUAN",
    "CN¥": "CNY",
    "RMB": "CNY",
    "CNY": "CNY",
    "JP¥": "JPY",
    "JPY": "JPY",
    "₩": "KRW",
    "KRW": "KRW",
    "HK$": "HKD",
    "HKD": "HKD",
    "NT$": "TWD",
    "TWD": "TWD",
    "₹": "INR",
    "INR": "INR",
}


_CONTEXT_LENGTH = 30  # characters; bounded, so that a long text costs no more per match


def text_before(match: re.Match[str]) -> str:
    """Return the end of what stands before a match."""
    return match.string[max(0, match.start() - _CONTEXT_LENGTH) : match.start()]


def text_after(match: re.Match[str]) -> str:
    """Return the beginning of what stands after a match."""
    return match.string[match.end() : match.end() + _CONTEXT_LENGTH]


@dataclass(frozen=True)
class Number:
    """A written number: its sign (`-`, `+`, `±` or none) and the digits around its decimal mark."""

    sign: str
    integer: str
    fraction: str

    @property
    def is_one(self) -> bool:
        return self.integer == "1" and not self.fraction

    def scaled(self, power: int) -> "Number":
        """Return this number times ten to `power`."""
        digits = self.fraction.ljust(power, "0")
        integer = (self.integer + digits[:power]).lstrip("0") or "0"
        return Number(self.sign, integer, digits[power:])


@dataclass(frozen=True)
class Notation:
    """How a language writes numbers: the marks allowed before decimals and between thousands."""

    decimal_marks: str
    thousands_marks: str
    day_first: bool = False

    @property
    def unsigned(self) -> str:
        return (
            rf"(?:\d{{1,3}}(?:[{self.thousands_marks}]\d{{3}})+(?![\d])|\d+)"
            rf"(?:[{self.decimal_marks}]\d+)?"
        )

    @property
    def signed(self) -> str:
        return rf"(?:(?<![0-9{LATIN}%°)])[-+±]\s?(?=\d))?{self.unsigned}"

    def parse(self, written: str) -> Number:
        """Return the parts of what `signed` matched."""
        written = written.replace(" ", "") if " " not in self.thousands_marks else written
        sign = written[0] if written[0] in "-+±" else ""
        matched = re.fullmatch(
            rf"(\d{{1,3}}(?:[{self.thousands_marks}]\d{{3}})+|\d+)(?:[{self.decimal_marks}](\d+))?",
            written.removeprefix(sign).strip(),
        )
        assert matched, written
        fraction = matched[2] if matched[2] != "00" else ""  # prices: 1299.00
        return Number(sign, re.sub(r"\D", "", matched[1]), fraction or "")

    def quantity(self, units: str) -> re.Pattern[str]:
        return re.compile(rf"(?<![{LATIN}])(?P<number>{self.signed})\s?(?P<unit>{units})")

    def range(self, units: str) -> re.Pattern[str]:
        return re.compile(
            rf"(?<![\d./{LATIN}-])(?P<low>{self.signed})\s?(?P<low_unit>{units})?"
            rf"(?:\s*[–—~～〜]\s*|-|\s-\s)(?P<high>[-+]?{self.unsigned})(?![\d]|-\d|[.,]\d)"
            rf"(?:\s?(?P<unit>{units}))?"
        )

    def money(self) -> re.Pattern[str]:
        signs = "|".join(map(re.escape, sorted(CURRENCIES, key=len, reverse=True)))
        return re.compile(
            rf"(?<![{LATIN}])(?P<sign>[-+])?(?P<before>{signs})\s?(?P<amount>{self.unsigned})"
            rf"(?P<scale>\s?(?:[kKmMB]|bn|thousand|million|billion|万|亿)(?![{LATIN}]))?"
            rf"|(?P<amount_first>{self.signed})\s?(?P<after>{signs})(?![{LATIN}])"
        )

    def number(self) -> re.Pattern[str]:
        return re.compile(rf"(?P<number>{self.signed})")
