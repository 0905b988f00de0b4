"""Numbers as people say them, in words: counts, decimals, ordinals, years, times and digits."""

import random
from collections.abc import Callable

from training.recognizer.commands import ZH_DIGITS, chinese_number, english_number

_ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
             "tenth", "eleventh", "twelfth", "thirteenth", "twentieth", "twenty first",
             "thirtieth", "thirty first"]  # fmt: skip
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September",
           "October", "November", "December"]  # fmt: skip


def english_large(n: int) -> str:
    """A number from 0 to 999,999 in words, without "and"."""
    if n >= 1000:
        rest = f" {english_large(n % 1000)}" if n % 1000 else ""
        return f"{english_large(n // 1000)} thousand{rest}"
    if n > 100:
        rest = f" {english_number(n % 100)}" if n % 100 else ""
        return f"{english_number(n // 100)} hundred{rest}"
    return english_number(n)


def mandarin_large(n: int) -> str:
    """A number from 0 to 99,999 in characters; 一 stays before 百, and before 十 within."""
    if n < 100:
        return chinese_number(n)
    found, gap = "", False
    for value, unit in ((10_000, "万"), (1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, n = divmod(n, value)
        if digit:
            found += ("零" if gap and found else "") + ZH_DIGITS[digit] + unit
            gap = False
        else:
            gap = bool(found)
    return found


def english_phrase(rng: random.Random) -> str:
    """A number of some kind with its surroundings."""
    n = rng.randint(0, 100)
    makers: list[Callable[[], str]] = [
        lambda: english_large(rng.randint(100, 999)),
        lambda: english_large(rng.randint(1000, 99_999)),
        lambda: f"{english_number(n)} point {english_number(rng.randint(0, 9))}",
        lambda: f"{english_number(n)} {rng.choice(_UNITS)}",
        lambda: f"the {rng.choice(_ORDINALS)} of {rng.choice(_MONTHS)}",
        lambda: f"{rng.choice(_MONTHS)} {rng.choice(_ORDINALS)}",
        lambda: f"{rng.choice(['nineteen', 'twenty'])} {english_number(rng.randint(10, 99))}",
        lambda: " ".join(english_number(rng.randint(0, 9)) for _ in range(rng.randint(3, 7))),
        lambda: english_clock(rng),
        lambda: f"minus {english_number(n)} degrees",
        lambda: f"{rng.choice(['a half', 'a third', 'a quarter', 'two thirds', 'three quarters'])}",
    ]  # fmt: skip
    return rng.choice(makers)()


_UNITS = [
    "percent", "degrees", "dollars", "miles", "meters", "kilos", "pounds", "liters", "minutes",
    "hours", "days", "weeks", "years", "watts", "kilowatt hours", "inches", "times", "cups",
]  # fmt: skip


def english_clock(rng: random.Random) -> str:
    hour, minute = english_number(rng.randint(1, 12)), rng.choice([0, 0, 5, 10, 15, 20, 30, 45, 50])
    half = rng.choice(["", " a m", " p m", " in the morning", " in the evening"])
    if minute == 0:
        return hour + (half or " o'clock")
    if minute in (15, 30) and rng.random() < 0.4:
        return f"{'a quarter' if minute == 15 else 'half'} past {hour}"
    return f"{hour} {'oh ' if minute < 10 else ''}{english_number(minute)}{half}"


def mandarin_clock(rng: random.Random) -> str:
    hour = rng.randint(1, 12)
    minute = rng.choice(["", "", "半", "一刻", "十分", "二十分", "四十五", "零五分", "三十五分"])
    return ("两" if hour == 2 else chinese_number(hour)) + "点" + minute


def mandarin_phrase(rng: random.Random) -> str:
    """A number of some kind with its surroundings."""
    n = rng.randint(0, 99)
    makers: list[Callable[[], str]] = [
        lambda: mandarin_large(rng.randint(100, 999)),
        lambda: mandarin_large(rng.randint(1000, 99_999)),
        lambda: f"{chinese_number(n)}点{_digits(rng, 1, 2)}",
        lambda: f"{mandarin_large(rng.randint(2, 300))}{rng.choice(_ZH_UNITS)}",
        lambda: f"{chinese_number(rng.randint(1, 12))}月{chinese_number(rng.randint(1, 31))}号",
        lambda: f"{_digits(rng, 4, 4)}年{chinese_number(rng.randint(1, 12))}月",
        lambda: _digits(rng, 3, 8),
        lambda: rng.choice(["上午", "下午", "晚上", "凌晨", "中午"]) + mandarin_clock(rng),
        lambda: f"零下{chinese_number(n)}度",
        lambda: f"百分之{chinese_number(n)}",
        lambda: f"第{chinese_number(n)}{rng.choice(['次', '个', '名', '集', '页', '天'])}",
        lambda: f"{chinese_number(rng.randint(2, 9))}分之{chinese_number(rng.randint(1, 9))}",
    ]  # fmt: skip
    return rng.choice(makers)()


_ZH_UNITS = [
    "块钱", "公里", "米", "公斤", "斤", "升", "分钟", "小时", "天", "年", "瓦", "度电", "个人",
    "本书", "张纸", "杯水", "辆车", "只猫", "条鱼", "次", "元", "平方米", "首歌", "台电脑",
]  # fmt: skip


def _digits(rng: random.Random, fewest: int, most: int) -> str:
    return "".join(rng.choice(ZH_DIGITS) for _ in range(rng.randint(fewest, most)))
