"""Japanese. The front-end reads kana safely but many kanji numerals wrongly, so numbers and their
counters are written in katakana, with the sound changes between them."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from wyoming_melotts.normalization.cleaning import without_accents
from wyoming_melotts.normalization.japanese_counters import (
    COUNTERS,
    NUMERALS,
    THINGS,
    cardinal,
    counted,
    doubled,
    read_after_counts,
)
from wyoming_melotts.normalization.japanese_words import LETTERS, WORDS
from wyoming_melotts.normalization.language import Language, Rule
from wyoming_melotts.normalization.patterns import LATIN_WORD, WORD_PARTS, Number
from wyoming_melotts.normalization.units import UnitWords

_NOUNS = {
    "%RH": "パーセント",
    "%": "パーセント",
    "‰": "パーミル",
    "°C": "ド",
    "°F": "華氏{}ド",
    "C": "ド",
    "°": "ド",
    "K": "ケルビン",
    "W": "ワット",
    "Wh": "ワットジ",
    "VA": "ボルトアンペア",
    "V": "ボルト",
    "A": "アンペア",
    "Ah": "アンペアジ",
    "Hz": "ヘルツ",
    "Pa": "パスカル",
    "bar": "バール",
    "mmHg": "ミリメートルエイチジー",
    "psi": "ピーエスアイ",
    "atm": "気圧",
    "g": "グラム",
    "t": "トン",
    "lb": "ポンド",
    "oz": "オンス",
    "m": "メートル",
    "km/h": "時速{}キロメートル",
    "m/s": "秒速{}メートル",
    "mph": "時速{}マイル",
    "mi": "マイル",
    "ft": "フィート",
    "kn": "ノット",
    "m2": "平方~メートル",
    "m3": "立方~メートル",
    "ha": "ヘクタール",
    "L": "リットル",
    "gal": "ガロン",
    "J": "ジュール",
    "cal": "カロリー",
    "B": "バイト",
    "bit": "ビット",
    "lx": "ルクス",
    "lm": "ルーメン",
    "cd": "カンデラ",
    "dB": "デシベル",
    "dBm": "ディービーエム",
    "ppm": "ピーピーエム",
    "ppb": "ピーピービー",
    "bpm": "ビーピーエム",
    "rpm": "回転毎フン",
    "fps": "フレーム毎ビョウ",
    "Ω": "オーム",
    "S": "ジーメンス",
    "d": "日",
    "h": "時間",
    "min": "分",
    "s": "秒",
}
_PREFIXES = {
    "n": "ナノ",
    "μ": "マイクロ",
    "m": "ミリ",
    "c": "センチ",
    "d": "デシ",
    "h": "ヘクト",
    "k": "キロ",
    "M": "メガ",
    "G": "ギガ",
    "T": "テラ",
    "P": "ペタ",
}
_PER_UNIT = {"時間": "時", "分": "フン", "秒": "ビョウ", "日": "日"}
_SYMBOLS = {
    "&": "アンド",
    "@": "アット",
    "+": "プラス",
    "=": "イコール",
    "×": "カケル",
    "÷": "ワル",
    "<": "小なり",
    ">": "大なり",
    "≤": "以下",
    "≥": "以上",
    "±": "プラスマイナス",
    "→": "から",
    "%": "パーセント",
    "°": "ド",
    "€": "ユーロ",
    "$": "ドル",
}
_ADDRESS = {
    ".": "ドット",
    "/": "スラッシュ",
    ":": "コロン",
    "-": "ハイフン",
    "_": "アンダーバー",
    "@": "アットマーク",
    "?": "クエスチョン",
    "=": "イコール",
    "&": "アンド",
    "#": "シャープ",
    "%": "パーセント",
    "+": "プラス",
    "~": "チルダ",
}
_CURRENCIES = {
    "USD": "ドル",
    "EUR": "ユーロ",
    "GBP": "ポンド",
    "CNY": "人民元",
    "YEN_OR_YUAN": "エン",
    "JPY": "エン",
    "KRW": "ウォン",
    "HKD": "香港ドル",
    "TWD": "台湾ドル",
    "INR": "ルピー",
}
_SCALES = {"万": "マン", "亿": "オク"}

_COUNTER_NAMES = "|".join(sorted(COUNTERS, key=len, reverse=True))
_PHRASES = re.compile(
    "|".join(re.escape(phrase) for phrase in sorted(WORDS, key=len, reverse=True) if " " in phrase),
    re.IGNORECASE,
)


class Japanese(Language):
    units = UnitWords(_NOUNS, _PREFIXES)
    digit_names = ("ゼロ", "イチ", "ニ", "サン", "ヨン", "ゴ", "ロク", "ナナ", "ハチ", "キュウ")
    point = "テン"
    signs = {"-": "マイナス", "+": "プラス", "±": "プラスマイナス"}  # noqa: RUF012
    range_word = "から"
    about_word = "約"
    or_word = "、"
    ratio_word = "タイ"
    version_word = "バージョン"
    address_words = _ADDRESS
    symbol_words = _SYMBOLS
    duration_context = re.compile("残り|経過|タイマー")
    currency_words = _CURRENCIES
    phone_separator = "ノ"
    pause = "、"
    line_end = "。"

    def early_rules(self) -> list[Rule]:
        return [
            (re.compile(r"CO2(?!\d)"), lambda _: "シーオーツー"),
            (re.compile(r"MP3(?!\d)", re.IGNORECASE), lambda _: "エムピースリー"),
            (re.compile("Zigbee2MQTT", re.IGNORECASE), lambda _: "ジグビートゥー MQTT"),
            (re.compile(r"(?<=:\d\d)\s?分"), lambda _: ""),
            (
                re.compile(r"(?<=\d[日時分秒月年人円階度号個回])\s?[~〜～–-]\s?(?=\d)"),
                lambda _: "から",
            ),
        ]

    def language_rules(self) -> list[Rule]:
        number, signed = self.notation.unsigned, self.notation.signed
        return [
            (re.compile(r"(?<![A-Za-z\d.])B(\d)F(?![A-Za-z])"), lambda m: f"地下{m[1]}階"),
            (re.compile(r"(?<![\w.])(\d{1,2})F(?![A-Za-z])"), lambda m: f"{m[1]}階"),
            (re.compile(r"#\s?(?=\d)"), lambda _: "ナンバー"),
            (re.compile(rf"({number})分の({number})"), lambda m: self._of(m[2], m[1])),
            (re.compile(r"(?<![\d.,])([1-9])つ"), lambda m: THINGS[int(m[1])] + "ツ"),
            (re.compile(r"(?<=月)1日(?!間)"), lambda _: "ツイタチ"),
            (
                re.compile(
                    rf"(?P<number>{number})(?P<scale>[万億兆])(?P<counter>{_COUNTER_NAMES})?"
                ),
                self._large_count,
            ),
            (
                re.compile(rf"(?P<number>{signed})\s?(?P<counter>{_COUNTER_NAMES})"),
                self._counter,
            ),
            (re.compile(r"(?<=\d)\s?[x*](?=\s?\d)"), lambda _: "カケル"),
        ]

    def finish(self, text: str) -> str:
        text = text.replace("今日は", "キョウは")  # the front-end would greet
        text = read_after_counts(text)
        text = re.sub(r"(時速|秒速)(は|が|約)\1", r"\1\2", text)
        text = _PHRASES.sub(lambda match: WORDS[match[0].lower()], text)
        text = self._with_words_in_kana(text)
        text = re.sub(r"(?<=[ァ-ヶー])\s+(?=[ァ-ヶ])", "・", text)
        return re.sub(r"[\s'’-]+", "", text).replace("・", "")

    def cardinal(self, value: int) -> str:
        return cardinal(value)

    def magnitude(self, number: Number) -> str:
        whole = self.whole(number.integer)
        if not number.fraction:
            return whole
        if number.integer == "0":
            whole = "レイ"
        return doubled(whole) + self.point + self.digits(number.fraction)

    def version(self, parts: list[str]) -> str:
        words = [self.version_part(part) for part in parts]
        return self.point.join([*map(doubled, words[:-1]), words[-1]])

    def quantity(self, number: Number, unit: str) -> str:
        counter = self.units.noun(unit) if unit in ("d", "h", "min", "s") else ""
        if counter and not number.fraction:
            if unit == "d" and number.is_one:
                return "イチニチ"
            return self.signs.get(number.sign, "") + counted(int(number.integer), counter)
        return super().quantity(number, unit)

    def _counter(self, match: re.Match[str]) -> str:
        number, counter = self.notation.parse(match["number"]), match["counter"]
        if number.fraction or len(number.integer) > 15:
            return self.number(number) + COUNTERS[counter]
        return self.signs.get(number.sign, "") + counted(int(number.integer), counter)

    def _large_count(self, match: re.Match[str]) -> str:
        amount = self.number(self.notation.parse(match["number"])) + NUMERALS[match["scale"]]
        return amount + COUNTERS.get(match["counter"] or "", "")

    def _of(self, numerator: str, denominator: str) -> str:
        return self.fraction(None, int(numerator), int(denominator))

    def bare_range(self, low: Number, high: Number, match: re.Match[str]) -> str:
        return self.number(low) + self.range_word + match["high"]  # its counter comes later

    def date(self, year: int | None, month: int, day: int) -> str:
        day_words = "ツイタチ" if day == 1 else counted(day, "日")
        words = counted(month, "月") + day_words
        return counted(year, "年") + words if year else words

    def time(self, hour: int, minute: int | None, second: int | None, half: str) -> str:
        words = {"a": "午前", "p": "午後"}.get(half, "") + counted(hour, "時")
        if minute:
            words += counted(minute, "分")
        if second:
            words += counted(second, "秒")
        return words

    def fraction(self, whole: int | None, numerator: int, denominator: int) -> str:
        part = f"{self.cardinal(denominator)}ブンノ{self.cardinal(numerator)}"
        return part if whole is None else f"{self.cardinal(whole)}ト{part}"

    def per(self, amount: str, unit: str) -> str:
        return f"{amount}毎{_PER_UNIT.get(unit, unit)}"

    def scale_word(self, scale: str) -> str:
        return _SCALES.get(scale, scale)

    def join_words(self, words: list[str]) -> str:
        return re.sub(r"(?<![A-Za-z]) | (?![A-Za-z])", "", " ".join(words))

    def _with_words_in_kana(self, text: str) -> str:
        parts = [part for word in LATIN_WORD.findall(text) for part in _parts(word)]
        strange = {part.lower() for part in parts if _known_reading(part) is None}
        readings = self._katakana(strange) if strange else {}

        def reading(part: str) -> str:
            known = _known_reading(part)
            return readings[part.lower()] if known is None else known

        return LATIN_WORD.sub(lambda match: "".join(map(reading, _parts(match[0]))), text)

    @cached_property
    def _katakana(self) -> Callable[[Iterable[str]], Mapping[str, str]]:
        # its model takes a moment to load, and few sentences need it
        from wyoming_melotts.normalization.transliteration import Transliterator

        return Transliterator().katakana


def _parts(word: str) -> list[str]:
    """A word as it is read: whole, or part by part."""
    return [word] if word.lower() in WORDS else [*map(without_accents, WORD_PARTS.split(word))]


def _known_reading(part: str) -> str | None:
    """The reading of what the table has or what is spelled."""
    if part.lower() in WORDS:
        return WORDS[part.lower()]
    if part.isascii() and (len(part) < 3 or (part.isupper() and len(part) < 6)):
        return "".join(LETTERS[letter] for letter in part.upper())
    return None
