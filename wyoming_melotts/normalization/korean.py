"""Korean. Native numerals count things and hours, Sino-Korean ones measure."""

import re

from num2words import num2words

from wyoming_melotts.normalization.cleaning import without_accents
from wyoming_melotts.normalization.hangul import hangul_of, syllable_of
from wyoming_melotts.normalization.korean_words import LETTERS, WORDS
from wyoming_melotts.normalization.language import Language, Rule
from wyoming_melotts.normalization.patterns import LATIN_WORD, WORD_PARTS, Number, text_after
from wyoming_melotts.normalization.units import UnitWords

_NOUNS = {
    "%RH": "퍼센트",
    "%": "퍼센트",
    "‰": "퍼밀",
    "°C": "{}도",
    "°F": "화씨 {}도",
    "C": "{}도",
    "°": "{}도",
    "K": "켈빈",
    "W": "와트",
    "Wh": "와트시",
    "VA": "볼트암페어",
    "V": "볼트",
    "A": "암페어",
    "Ah": "암페어시",
    "Hz": "헤르츠",
    "Pa": "파스칼",
    "bar": "바",
    "mmHg": "수은주밀리미터",
    "psi": "피에스아이",
    "atm": "기압",
    "g": "그램",
    "t": "톤",
    "lb": "파운드",
    "oz": "온스",
    "m": "미터",
    "km/h": "시속 {}킬로미터",
    "m/s": "초속 {}미터",
    "mph": "시속 {}마일",
    "mi": "마일",
    "ft": "피트",
    "kn": "노트",
    "m2": "제곱~미터",
    "m3": "세제곱~미터",
    "ha": "헥타르",
    "L": "리터",
    "gal": "갤런",
    "J": "줄",
    "cal": "칼로리",
    "B": "바이트",
    "bit": "비트",
    "lx": "럭스",
    "lm": "루멘",
    "cd": "칸델라",
    "dB": "데시벨",
    "dBm": "디비엠",
    "ppm": "피피엠",
    "ppb": "피피비",
    "bpm": "비피엠",
    "rpm": "알피엠",
    "fps": "프레임",
    "Ω": "옴",
    "S": "지멘스",
    "d": "일",
    "h": "시간",
    "min": "분",
    "s": "초",
}
_PREFIXES = {
    "n": "나노",
    "μ": "마이크로",
    "m": "밀리",
    "c": "센티",
    "d": "데시",
    "h": "헥토",
    "k": "킬로",
    "M": "메가",
    "G": "기가",
    "T": "테라",
    "P": "페타",
}
_TEMPERATURES = frozenset(["°C", "°F", "C", "F", "°"])
_SYMBOLS = {
    "&": " 앤드 ",
    "@": " 앳 ",
    "+": " 더하기 ",
    "=": " 이퀄 ",
    "×": " 곱하기 ",
    "÷": " 나누기 ",
    "<": " 미만 ",
    ">": " 초과 ",
    "≤": " 이하 ",
    "≥": " 이상 ",
    "±": " 플러스마이너스 ",
    "→": "에서 ",
    "%": " 퍼센트",
    "°": "도",
    "€": " 유로",
    "$": " 달러",
}
_ADDRESS = {
    ".": "점",
    "/": "슬래시",
    ":": "콜론",
    "-": "하이픈",
    "_": "언더바",
    "@": "골뱅이",
    "?": "물음표",
    "=": "이퀄",
    "&": "앤드",
    "#": "샵",
    "%": "퍼센트",
    "+": "플러스",
    "~": "물결",
}
_CURRENCIES = {
    "USD": "달러",
    "EUR": "유로",
    "GBP": "파운드",
    "CNY": "위안",
    "YEN_OR_YUAN": "엔",
    "JPY": "엔",
    "KRW": "원",
    "HKD": "홍콩 달러",
    "TWD": "대만 달러",
    "INR": "루피",
}
_NATIVE_ONES = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
_NATIVE_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")
_NATIVE_COUNTERS = (
    "시간|시|개월째|개(?!월)|명|사람|살|마리|대|장|병|잔|권|번째|번(?!호|지|길)|가지|곳|달|켤레|채|송이"
    "|그루|벌|통|군데|쪽|줄|판|봉지|상자|컵|그릇|척|자루|조각|모금|끼"
)
_SINO_COUNTERS = (
    "일|월|년|분|초|주|개월|층|호|도|원|퍼센트|프로|리터|회|호실|학년|인분|위|등|점|번지|번호|미터|킬로|그램"
    "|와트|단계|차|배|동|세|박"
)
_ATTACHED_COUNTERS = frozenset(["년", "일", "층", "호", "위", "등", "배", "세", "동", "차", "회"])


class Korean(Language):
    units = UnitWords(_NOUNS, _PREFIXES)
    digit_names = ("영", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구")
    unit_separator = " "
    point = " 점 "
    signs = {"-": "마이너스 ", "+": "플러스 ", "±": "플러스마이너스 "}  # noqa: RUF012
    range_word = "에서 "
    about_word = "약 "
    or_word = ", "
    ratio_word = " 대 "
    version_word = "버전 "
    address_words = _ADDRESS
    symbol_words = _SYMBOLS
    duration_context = re.compile("남|경과|타이머")
    currency_words = _CURRENCIES
    phone_separator = " "

    def early_rules(self) -> list[Rule]:
        return [
            (re.compile(r"CO2(?!\d)"), lambda _: "씨오투"),
            (re.compile(r"MP3(?!\d)", re.IGNORECASE), lambda _: "엠피쓰리"),
            (re.compile(r"(?<!\d)1\+1(?!\d)"), lambda _: "원 플러스 원"),  # two for one in shops
            (re.compile(r"(?<!\d)2\+1(?!\d)"), lambda _: "투 플러스 원"),
            (re.compile(r"[\u3131-\u318e]"), lambda match: syllable_of(match[0])),
            (re.compile("Zigbee2MQTT", re.IGNORECASE), lambda _: "지그비 투 MQTT"),
            (re.compile(r"(?<=:\d\d)\s?분"), lambda _: ""),
            (
                re.compile(r"(?<=\d[일시분초월년명원층도호개회])\s?[~～–-]\s?(?=\d)"),
                lambda _: "에서 ",
            ),
        ]

    def language_rules(self) -> list[Rule]:
        number = self.notation.unsigned
        return [
            (re.compile(r"#\s?(?=\d)"), lambda _: "넘버 "),
            (re.compile(r"(\d+)\s?대\s?(?=\d)"), lambda m: self.cardinal(int(m[1])) + " 대 "),
            (re.compile(r"(?<![A-Za-z\d.])B(\d)F(?![A-Za-z])"), lambda m: f"지하 {m[1]}층"),
            (re.compile(r"(?<![\w.])(\d{1,2})F(?![A-Za-z])"), lambda m: f"{m[1]}층"),
            (re.compile(r"(\d+)분의\s?(\d+)"), self._of),
            (re.compile(r"(?<!\d)(1[0-2]|0?\d)월"), lambda m: self._month(int(m[1]))),
            (re.compile(rf"({number})([만억조])"), self._large_count),
            (
                re.compile(rf"(?<![\d.,])(\d{{1,4}})(?:\s?(?P<counter>{_NATIVE_COUNTERS}))"),
                self._native_count,
            ),
            (
                re.compile(rf"(?P<number>{self.notation.signed})\s?(?P<counter>{_SINO_COUNTERS})"),
                self._sino_count,
            ),
            (re.compile(r"(?<=\d)\s?[x*](?=\s?\d)"), lambda _: " 곱하기 "),
        ]

    def finish(self, text: str) -> str:
        text = re.sub(r"(시속|초속)(은|는|이|가)? \1 ", r"\1\2 ", text)
        text = LATIN_WORD.sub(lambda match: self._word(match[0]), text)
        return re.sub(r"\s+", " ", text.replace("-", " ")).strip()

    def cardinal(self, value: int) -> str:
        words: str = num2words(value, lang="ko")
        return words

    def phone_digits(self, digits: str) -> str:
        return self.digits(digits).replace("영", "공")

    def measured(self, number: Number, unit: str) -> str:
        if unit == "h" and not number.fraction and int(number.integer) < 100:
            return _native(int(number.integer))
        return self._below_zero(number) if unit in _TEMPERATURES else self.number(number)

    def _below_zero(self, number: Number) -> str:
        return ("영하 " if number.sign == "-" else "") + self.magnitude(number)

    def _native_count(self, match: re.Match[str]) -> str:
        value, counter = int(match[1]), match["counter"]
        is_clock_hour = counter == "시"
        if is_clock_hour and not 1 <= value <= 12:
            return f"{self.cardinal(value)} 시"
        if value == 1 and counter == "번째":
            return "첫 번째"
        words = _native(value) if 1 <= value < 100 else self.cardinal(value)
        return f"{words} {counter}"

    def _sino_count(self, match: re.Match[str]) -> str:
        number, counter = self.notation.parse(match["number"]), match["counter"]
        if counter == "도":
            return self._below_zero(number) + counter
        blank = "" if counter in _ATTACHED_COUNTERS else " "
        return self.number(number) + blank + counter

    def _large_count(self, match: re.Match[str]) -> str:
        number = self.notation.parse(match[1])
        return ("" if number.is_one and match[2] == "만" else self.number(number)) + match[2]

    def _month(self, month: int) -> str:
        return {6: "유", 10: "시"}.get(month, self.cardinal(month)) + "월"

    def _of(self, match: re.Match[str]) -> str:
        return self.fraction(None, int(match[2]), int(match[1]))

    def bare_range(self, low: Number, high: Number, match: re.Match[str]) -> str:
        """Say the lower end as its counter asks; the counter's own rule says the higher one."""
        counted = re.match(rf"\s?({_NATIVE_COUNTERS})", text_after(match))
        is_native = not low.fraction and 1 <= int(low.integer) < 100
        if counted and is_native:
            words = f"{_native(int(low.integer))} {counted[1]}"
        else:
            words = self.number(low)
        return words + self.range_word + match["high"]

    def date(self, year: int | None, month: int, day: int) -> str:
        words = f"{self._month(month)} {self.cardinal(day)}일"
        return f"{self.cardinal(year)}년 {words}" if year else words

    def time(self, hour: int, minute: int | None, second: int | None, half: str) -> str:
        words = {"a": "오전 ", "p": "오후 "}.get(half, "")
        words += (_native(hour) if 1 <= hour <= 12 else self.cardinal(hour)) + " 시"
        if minute:
            words += f" {self.cardinal(minute)} 분"
        if second:
            words += f" {self.cardinal(second)} 초"
        return words

    def fraction(self, whole: int | None, numerator: int, denominator: int) -> str:
        part = f"{self.cardinal(denominator)}분의 {self.cardinal(numerator)}"
        return part if whole is None else f"{self.cardinal(whole)}과 {part}"

    def per(self, amount: str, unit: str) -> str:
        return f"{unit}당 {amount}"

    def _word(self, word: str) -> str:
        if word.lower() in WORDS:
            return WORDS[word.lower()]
        return "".join(_hangul_part(part) for part in WORD_PARTS.split(word))


def _hangul_part(part: str) -> str:
    part = without_accents(part)
    lowered = part.lower()
    if lowered in WORDS:
        return WORDS[lowered]
    is_named = len(part) < 2 or (part.isupper() and len(part) < 6)
    spelled = "".join(LETTERS.get(letter, "") for letter in part.upper())
    return spelled if is_named else hangul_of(lowered) or spelled


def _native(value: int) -> str:
    """Say 1 to 99 in native numerals, in the form before a counter."""
    if value == 20:
        return "스무"
    return _NATIVE_TENS[value // 10] + _NATIVE_ONES[value % 10] if value else "영"
