"""Japanese numbers and their counters in katakana, with the sound changes between them."""

import re

from num2words import num2words

NUMERALS = {
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
_NUMERAL = re.compile("|".join(NUMERALS))
_DOUBLED = {"イチ": "イッ", "ロク": "ロッ", "ハチ": "ハッ", "ジュウ": "ジュッ", "ヒャク": "ヒャッ"}
_BEFORE_K_AND_H = re.compile("(?:イチ|ロク|ハチ|ジュウ|ヒャク)$")
_BEFORE_S_AND_T = re.compile("(?:イチ|ハチ|ジュウ)$")
# Counter: its reading, and after サン where that changes.
COUNTERS = {
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
THINGS = ("", "ヒト", "フタ", "ミッ", "ヨッ", "イツ", "ムッ", "ナナ", "ヤッ", "ココノ")
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


def cardinal(value: int) -> str:
    """How many, in katakana."""
    kanji: str = num2words(value, lang="ja")
    return _NUMERAL.sub(lambda match: NUMERALS[match[0]], kanji)


def counted(value: int, counter: str) -> str:
    """Say a count with its counter, the sounds between them changed as in speech."""
    if (counter, value) in _IRREGULAR:
        return _IRREGULAR[counter, value]
    if counter == "時" and value == 0:
        return "レイジ"
    if counter in ("日", "日間") and value in _DAYS:
        return _DAYS[value] + counter[1:].replace("間", "カン")
    words, reading = cardinal(value), COUNTERS[counter]
    short = _SHORT_READINGS.get(counter, {}).get(value % 10)
    if short and value % 10:
        return words.removesuffix(_FULL_READINGS[value % 10]) + short + reading
    if counter in _AFTER_THREE and words.endswith("サン"):
        return words + _AFTER_THREE[counter]
    if reading == "フン" and words.endswith("ヨン"):
        return words + "プン"
    first = reading[0]
    if first in "カキクケコハヒフヘホ" and reading != "ヘヤ":
        stem = _doubled(words, _BEFORE_K_AND_H)
        return stem + (first.translate(_P_SOUNDS) if stem != words else first) + reading[1:]
    if first in "サシスセソタチツテト":
        return _doubled(words, _BEFORE_S_AND_T) + reading
    return words + reading


def read_after_counts(text: str) -> str:
    """Write the kanji that follow a count in katakana, so that they are not read as words."""
    return _AFTER_COUNT.sub(lambda match: _AFTER_COUNT_READINGS[match[0]], text)


def doubled(words: str) -> str:
    """The words before a sound of the rows of s and t: イチ becomes イッ, and so on."""
    return _doubled(words, _BEFORE_S_AND_T)


def _doubled(words: str, before: re.Pattern[str]) -> str:
    """Double the consonant that follows: イチ becomes イッ, and so on."""
    return before.sub(lambda match: _DOUBLED[match[0]], words)
