"""Japanese. The front-end reads kana safely but many kanji numerals wrongly, so numbers and their
counters are written in katakana, with the sound changes between them."""

import re
from collections.abc import Callable
from functools import cached_property, lru_cache

from num2words import num2words

from wyoming_melotts.normalization.cleaning import without_accents
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

_NUMERALS = {
    "三百": "サンビャク",
    "六百": "ロッピャク",
    "八百": "ハッピャク",
    "三千": "サンゼン",
    "八千": "ハッセン",
    "一兆": "イッチョウ",
    "八兆": "ハッチョウ",
    "十兆": "ジュッチョウ",
    "零": "ゼロ",
    "一": "イチ",
    "二": "ニ",
    "三": "サン",
    "四": "ヨン",
    "五": "ゴ",
    "六": "ロク",
    "七": "ナナ",
    "八": "ハチ",
    "九": "キュウ",
    "十": "ジュウ",
    "百": "ヒャク",
    "千": "セン",
    "万": "マン",
    "億": "オク",
    "兆": "チョウ",
}
_NUMERAL = re.compile("|".join(_NUMERALS))
_DOUBLED = {"イチ": "イッ", "ロク": "ロッ", "ハチ": "ハッ", "ジュウ": "ジュッ", "ヒャク": "ヒャッ"}
_BEFORE_K_AND_H = re.compile("(?:イチ|ロク|ハチ|ジュウ|ヒャク)$")
_BEFORE_S_AND_T = re.compile("(?:イチ|ハチ|ジュウ)$")
# Counter: its reading, and after サン where that changes.
_COUNTERS = {
    "個": "コ",
    "コ": "コ",
    "ヶ所": "カショ",
    "か所": "カショ",
    "カ所": "カショ",
    "箇所": "カショ",
    "ヶ月": "カゲツ",
    "か月": "カゲツ",
    "カ月": "カゲツ",
    "回": "カイ",
    "階": "カイ",
    "件": "ケン",
    "軒": "ケン",
    "曲": "キョク",
    "機": "キ",
    "級": "キュウ",
    "本": "ホン",
    "杯": "ハイ",
    "匹": "ヒキ",
    "泊": "ハク",
    "分": "フン",
    "歳": "サイ",
    "才": "サイ",
    "冊": "サツ",
    "週": "シュウ",
    "週間": "シュウカン",
    "足": "ソク",
    "通": "ツウ",
    "頭": "トウ",
    "点": "テン",
    "丁目": "チョウメ",
    "秒": "ビョウ",
    "枚": "マイ",
    "番": "バン",
    "番目": "バンメ",
    "台": "ダイ",
    "倍": "バイ",
    "名": "メイ",
    "位": "イ",
    "号": "ゴウ",
    "号室": "ゴウシツ",
    "部屋": "ヘヤ",
    "度": "ド",
    "円": "エン",
    "年": "ネン",
    "年間": "ネンカン",
    "人": "ニン",
    "月": "ガツ",
    "時": "ジ",
    "時間": "ジカン",
    "日": "ニチ",
    "日間": "ニチカン",
    "段": "ダン",
    "品": "ヒン",
    "割": "ワリ",
}
_AFTER_THREE = {"階": "ガイ", "軒": "ゲン", "本": "ボン", "杯": "バイ", "匹": "ビキ"} | {
    "分": "プン",
    "泊": "パク",
}
_P_SOUNDS = str.maketrans("ハヒフヘホ", "パピプペポ")
_IRREGULAR = {
    ("人", 1): "ヒトリ",
    ("人", 2): "フタリ",
    ("歳", 20): "ハタチ",
    ("才", 20): "ハタチ",
    ("部屋", 1): "ヒトヘヤ",
    ("部屋", 2): "フタヘヤ",
}
_THINGS = ("", "ヒト", "フタ", "ミッ", "ヨッ", "イツ", "ムッ", "ナナ", "ヤッ", "ココノ")
_DAYS = {
    2: "フツカ",
    3: "ミッカ",
    4: "ヨッカ",
    5: "イツカ",
    6: "ムイカ",
    7: "ナノカ",
    8: "ヨウカ",
    9: "ココノカ",
    10: "トオカ",
    14: "ジュウヨッカ",
    20: "ハツカ",
    24: "ニジュウヨッカ",
}
# Counters before which the last of 4, 7 and 9 takes its short or old reading.
_SHORT_READINGS = {
    "時": {4: "ヨ", 7: "シチ", 9: "ク"},
    "時間": {4: "ヨ", 7: "シチ", 9: "ク"},
    "月": {4: "シ", 7: "シチ", 9: "ク"},
    "年": {4: "ヨ"},
    "年間": {4: "ヨ"},
    "人": {4: "ヨ"},
    "日": {7: "シチ", 9: "ク"},
    "日間": {7: "シチ", 9: "ク"},
    "円": {4: "ヨ"},
}
_FULL_READINGS = {4: "ヨン", 7: "ナナ", 9: "キュウ"}
# What follows a count in katakana and would be read as a word of its own.
_AFTER_COUNT_READINGS = {"後": "ゴ", "目": "メ", "代": "ダイ", "対": "タイ", "半": "ハン"}
_AFTER_COUNT = re.compile(r"(?<=[ァ-ヶー])(?:後(?![半ろ])|[目代対半])")
_COUNTER_NAMES = "|".join(sorted(_COUNTERS, key=len, reverse=True))
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
            (re.compile(r"(?<![\d.,])([1-9])つ"), lambda m: _THINGS[int(m[1])] + "ツ"),
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
        text = _AFTER_COUNT.sub(lambda match: _AFTER_COUNT_READINGS[match[0]], text)
        text = re.sub(r"(時速|秒速)(は|が|約)\1", r"\1\2", text)
        text = _PHRASES.sub(lambda match: WORDS[match[0].lower()], text)
        text = LATIN_WORD.sub(lambda match: self._word(match[0]), text)
        text = re.sub(r"(?<=[ァ-ヶー])\s+(?=[ァ-ヶ])", "・", text)
        return re.sub(r"[\s'’-]+", "", text).replace("・", "")

    def cardinal(self, value: int) -> str:
        kanji: str = num2words(value, lang="ja")
        return _NUMERAL.sub(lambda match: _NUMERALS[match[0]], kanji)

    def magnitude(self, number: Number) -> str:
        whole = self.whole(number.integer)
        if not number.fraction:
            return whole
        if number.integer == "0":
            whole = "レイ"
        return _doubled(whole, _BEFORE_S_AND_T) + self.point + self.digits(number.fraction)

    def version(self, parts: list[str]) -> str:
        words = [self.version_part(part) for part in parts]
        doubled = [_doubled(word, _BEFORE_S_AND_T) for word in words[:-1]]
        return self.point.join([*doubled, words[-1]])

    def quantity(self, number: Number, unit: str) -> str:
        counter = self.units.noun(unit) if unit in ("d", "h", "min", "s") else ""
        if counter and not number.fraction:
            if unit == "d" and number.is_one:
                return "イチニチ"
            return self.signs.get(number.sign, "") + self._counted(int(number.integer), counter)
        return super().quantity(number, unit)

    def _counter(self, match: re.Match[str]) -> str:
        number, counter = self.notation.parse(match["number"]), match["counter"]
        if number.fraction or len(number.integer) > 15:
            return self.number(number) + _COUNTERS[counter]
        return self.signs.get(number.sign, "") + self._counted(int(number.integer), counter)

    def _large_count(self, match: re.Match[str]) -> str:
        amount = self.number(self.notation.parse(match["number"])) + _NUMERALS[match["scale"]]
        return amount + _COUNTERS.get(match["counter"] or "", "")

    def _counted(self, value: int, counter: str) -> str:
        """Say a count with its counter, the sounds between them changed as in speech."""
        if (counter, value) in _IRREGULAR:
            return _IRREGULAR[counter, value]
        if counter == "時" and value == 0:
            return "レイジ"
        if counter in ("日", "日間") and value in _DAYS:
            return _DAYS[value] + counter[1:].replace("間", "カン")
        words, reading = self.cardinal(value), _COUNTERS[counter]
        short = _SHORT_READINGS.get(counter, {}).get(value % 10)
        if short and value % 10:
            return words.removesuffix(_FULL_READINGS[value % 10]) + short + reading
        if counter in _AFTER_THREE and words.endswith("サン"):
            return words + _AFTER_THREE[counter]
        if reading == "フン" and words.endswith("ヨン"):
            return words + "プン"
        first = reading[0]
        if first in "カキクケコハヒフヘホ" and reading != "ヘヤ":
            doubled = _doubled(words, _BEFORE_K_AND_H)
            is_doubled = doubled != words
            return doubled + (first.translate(_P_SOUNDS) if is_doubled else first) + reading[1:]
        if first in "サシスセソタチツテト":
            return _doubled(words, _BEFORE_S_AND_T) + reading
        return words + reading

    def _of(self, numerator: str, denominator: str) -> str:
        return self.fraction(None, int(numerator), int(denominator))

    def bare_range(self, low: Number, high: Number, match: re.Match[str]) -> str:
        return self.number(low) + self.range_word + match["high"]  # its counter comes later

    def date(self, year: int | None, month: int, day: int) -> str:
        day_words = "ツイタチ" if day == 1 else self._counted(day, "日")
        words = self._counted(month, "月") + day_words
        return self._counted(year, "年") + words if year else words

    def time(self, hour: int, minute: int | None, second: int | None, half: str) -> str:
        words = {"a": "午前", "p": "午後"}.get(half, "") + self._counted(hour, "時")
        if minute:
            words += self._counted(minute, "分")
        if second:
            words += self._counted(second, "秒")
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

    def _word(self, word: str) -> str:
        if word.lower() in WORDS:
            return WORDS[word.lower()]
        return "".join(self._part(part) for part in WORD_PARTS.split(word))

    def _part(self, part: str) -> str:
        part = without_accents(part)
        if part.lower() in WORDS:
            return WORDS[part.lower()]
        if part.isascii() and (len(part) < 3 or (part.isupper() and len(part) < 6)):
            return "".join(LETTERS[letter] for letter in part.upper())
        return self._transliterate(part.lower())

    @cached_property
    def _transliterate(self) -> Callable[[str], str]:
        from e2k import C2K  # its model takes a moment to load, and few sentences need it

        return lru_cache(maxsize=1024)(C2K())


def _doubled(words: str, before: re.Pattern[str]) -> str:
    """Double the consonant that follows: イチ becomes イッ, and so on."""
    return before.sub(lambda match: _DOUBLED[match[0]], words)
