"""Mandarin Chinese. Traditional characters become simplified ones first."""

import re

import cn2an
from opencc import OpenCC

from wyoming_melotts.normalization.acronyms import spell_acronyms
from wyoming_melotts.normalization.cleaning import without_accents
from wyoming_melotts.normalization.language import Language, Rule
from wyoming_melotts.normalization.patterns import Number, text_after, text_before
from wyoming_melotts.normalization.units import UnitWords

_NOUNS = {
    "%RH": "百分之{}",
    "%": "百分之{}",
    "‰": "千分之{}",
    "°C": "{}摄氏度",
    "°F": "{}华氏度",
    "C": "{}摄氏度",
    "°": "度",
    "K": "K",
    "W": "瓦",
    "Wh": "瓦时",
    "VA": "伏安",
    "var": "乏",
    "V": "伏",
    "A": "安",
    "Ah": "安时",
    "Hz": "赫兹",
    "Pa": "帕",
    "bar": "巴",
    "mmHg": "毫米汞柱",
    "inHg": "英寸汞柱",
    "psi": "磅每平方英寸",
    "atm": "个大气压",
    "g": "克",
    "t": "吨",
    "lb": "磅",
    "oz": "盎司",
    "m": "米",
    "km": "公里",
    "mi": "英里",
    "ft": "英尺",
    "yd": "码",
    "mph": "英里每小时",
    "kn": "节",
    "m2": "平方~米",
    "m3": "立方~米",
    "ft2": "平方英尺",
    "ft3": "立方英尺",
    "ha": "公顷",
    "L": "升",
    "gal": "加仑",
    "J": "焦耳",
    "cal": "卡",
    "B": "字节",
    "bit": "比特",
    "kB": "KB",
    "MB": "MB",
    "GB": "GB",
    "TB": "TB",
    "lx": "勒克斯",
    "lm": "流明",
    "cd": "坎德拉",
    "dB": "分贝",
    "dBA": "分贝",
    "dBm": "分贝毫瓦",
    "ppm": "PPM",
    "ppb": "PPB",
    "bpm": "次每分钟",
    "rpm": "转每分钟",
    "fps": "帧每秒",
    "Ω": "欧姆",
    "S": "西门子",
    "mol": "摩尔",
    "d": "天",
    "h": "小时",
    "min": "分钟",
    "s": "秒",
}
_PREFIXES = {
    "n": "纳",
    "μ": "微",
    "m": "毫",
    "c": "厘",
    "d": "分",
    "h": "百",
    "k": "千",
    "M": "兆",
    "G": "吉",
    "T": "太",
    "P": "拍",
}
_SYMBOLS = {
    "&": "和",
    "@": "艾特",
    "+": "加",
    "=": "等于",
    "×": "乘",
    "÷": "除以",
    "<": "小于",
    ">": "大于",
    "≤": "小于等于",
    "≥": "大于等于",
    "≠": "不等于",
    "±": "正负",
    "→": "到",
    "°": "度",
}
_ADDRESS = {
    ".": "点",
    "/": "斜杠",
    ":": "冒号",
    "-": "杠",
    "_": "下划线",
    "@": "艾特",
    "?": "问号",
    "=": "等于",
    "&": "和",
    "#": "井号",
    "%": "百分号",
    "+": "加",
    "~": "波浪号",
}
_CURRENCIES = {
    "USD": "美元",
    "EUR": "欧元",
    "GBP": "英镑",
    "CNY": "元",
    "YEN_OR_YUAN": "元",
    "JPY": "日元",
    "KRW": "韩元",
    "HKD": "港元",
    "TWD": "新台币",
    "INR": "卢比",
}
# Measure words before which 2 is 两, not 二 (ranks such as 号, 楼, 级, 月 keep 二).
_TAKES_LIANG = (
    "个條条次天位名只盏台把张件块片颗瓶杯碗双对辆扇间套家部本份封场门种样包盒袋箱桶壶口头匹棵"
    "朵座幢栋艘架支根段句首遍趟回组批倍年秒周圈度元米克斤吨升瓦岁人项处笔则面排侧股盘万亿千点"
    "公厘毫平立小分钟成户道款路灯节英"
)
_KEEPS_ER = re.compile(r"分(?!钟)|路(?!灯)|节(?!课)|平(?![米方])|小(?!时)|英(?![里尺寸])|灯")
_CODE_BEFORE = re.compile(
    r"(?:房间号|单号|验证码|密码|编号|号码|代码|邮编|端口|尾号|分机|拨打|致电|电话|热线|序列号|PIN|型号)"
    r"(?:是|为|到|码)?[:：]?\s*$"
)
_EMERGENCY_NUMBERS = frozenset(["110", "112", "119", "120", "122", "911", "999"])
_EMERGENCY = re.compile("拨打|报警|火警|急救|求助|求救")
_DIGITS_AFTER = re.compile(r"\s?(?:室|房间|号房|房(?!间?价))")
_SPELLED_RANGE = re.compile(
    r"(?<=[\d零一二三四五六七八九十百][点时分秒日号月年级层楼度元])\s?[~～〜–-]\s?"
    r"(?=[\d零一二三四五六七八九十])"
    r"|(?<=[周期][一二三四五六日天])\s?[~～〜–-]\s?(?=周|星期)"
)
_EACH = re.compile(
    r"/\s?(天|日|月|年|周|人|次|度|台|小时|分钟|秒|吨|升|方|斤|公斤|公里|平米|平方米|立方米)"
)
_TWO_OR_THREE = re.compile(r"(?<![\d.])([1-9])、([1-9])(?=[个人天次位名小点分岁年只条])")
_ACCENTED_WORD = re.compile(r"[À-ɏ]+")
_NUMERALS_MEET = re.compile(r"(?<=[零一二三四五六七八九十百千万亿]) (?=[零一二三四五六七八九十百])")
_BELOW_ZERO = re.compile(r"\s?(?:多)?(?:度|摄氏|华氏|[到至][^，。]{1,10}度)")


class Chinese(Language):
    units = UnitWords(_NOUNS, _PREFIXES)
    digit_names = "零一二三四五六七八九"
    point = "点"
    signs = {"-": "负", "+": "正", "±": "正负"}  # noqa: RUF012
    range_word = "到"
    about_word = "约"
    or_word = "或"
    ratio_word = "比"
    version_word = "版本"
    plus_before_phone = "加"
    duration_context = re.compile("剩|用时|时长|计时|耗时")
    address_words = _ADDRESS
    symbol_words = _SYMBOLS
    currency_words = _CURRENCIES
    pause = "，"
    line_end = "。"

    def __init__(self) -> None:
        self._simplify = OpenCC("t2s").convert

    def prepare(self, text: str) -> str:
        simplified: str = self._simplify(text)
        return simplified

    def early_rules(self) -> list[Rule]:
        return [
            (re.compile("Zigbee2MQTT", re.IGNORECASE), lambda _: "Zigbee to MQTT"),
            (re.compile(r"(?<=:\d\d)\s?分(?!钟)"), lambda _: ""),
            (re.compile(r"(\d{4})\s?[~～–-]\s?(?=\d{4}年)"), lambda m: self.digits(m[1]) + "到"),
            (re.compile(r"\bNo\.\s?(?=\d)", re.IGNORECASE), lambda _: "第"),
            (_SPELLED_RANGE, lambda _: "到"),
            (re.compile(r"(?<=[%°CF])\s?/\s?(?=[\u4e00-\u9fff])"), lambda _: "，"),
            (re.compile(r"(?<=\d)\.\s?(?=[\u4e00-\u9fff])"), lambda _: "，"),  # a list's number
            (re.compile(r"(?<!\d)(\d0)(?=后(?!面|来))"), lambda m: self.digits(m[1])),
            (_EACH, lambda match: f"每{match[1]}"),
        ]

    def language_rules(self) -> list[Rule]:
        return [
            (re.compile(r"(?<=[点时])0(?=\d分?)"), lambda _: "零"),
            (re.compile(r"(?<!\d)([12]\d{3})年(?!前|后|内)"), lambda m: self.digits(m[1]) + "年"),
            (re.compile(r"(?<!\d)(\d\d)年代"), lambda m: self.cardinal(int(m[1])) + "年代"),
            (re.compile(r"(?<![\d.])(\d{3,4})(?=[pP](?![A-Za-z]))"), lambda m: self.digits(m[1])),
            (_TWO_OR_THREE, lambda m: _small(m[1]) + _small(m[2])),
            (re.compile(r"(?<![\w.])(B?)(\d{1,2})F(?![A-Za-z])"), self._floor),
            (re.compile(r"#\s?(\d+)(?![\d.])"), lambda m: self.cardinal(int(m[1])) + "号"),
            (re.compile(r"(?<=\d)\s?[x*](?=\s?\d)"), lambda _: "乘"),
            (re.compile(r"(?<=[\d万亿])\+(?!\s?\d)"), lambda _: "以上"),
        ]

    def finish(self, text: str) -> str:
        text = _ACCENTED_WORD.sub(lambda match: without_accents(match[0]), text)
        text = spell_acronyms(text)
        text = _NUMERALS_MEET.sub("，", text.replace("元元", "元"))
        text = re.sub(r"(?<![A-Za-z])-|-(?![A-Za-z])", "", text)
        return re.sub(r"(?<![A-Za-z'-]) +(?![A-Za-z'-])", "", text)

    def cardinal(self, value: int) -> str:
        words: str = cn2an.an2cn(str(value), "low")
        words = re.sub(r"^一十", "十", words)
        return re.sub(r"(?<![十百])二(?=[千万亿])", "两", words)

    def _floor(self, match: re.Match[str]) -> str:
        floor = self.cardinal(int(match[2]))
        return f"地下{floor}层" if match[1] else f"{floor}楼"

    def phone_digits(self, digits: str) -> str:
        return self.digits(digits).replace("一", "幺")

    def quantity(self, number: Number, unit: str) -> str:
        if unit == "%" and number == Number("", "100", ""):
            return "百分之百"
        if unit in ("%", "%RH", "‰"):
            sign = self.signs.get(number.sign, "")
            return sign + self.with_unit(self.magnitude(number), unit, True)
        return super().quantity(number, unit)

    def measured(self, number: Number, unit: str) -> str:
        if number.sign == "-" and unit in ("°C", "°F", "C", "F", "°"):
            return "零下" + self.magnitude(number)
        takes_liang = unit not in ("%", "%RH", "‰", "°C", "°F", "C", "F", "K", "ppm", "ppb")
        return self._with_liang(number) if takes_liang else self.number(number)

    def _with_liang(self, number: Number) -> str:
        if number.integer == "2" and not number.fraction and not number.sign:
            return "两"
        return self.number(number)

    def bare_number(self, number: Number, match: re.Match[str]) -> str:
        before, after = text_before(match), text_after(match)
        if not number.fraction and not number.sign:
            if number.integer in _EMERGENCY_NUMBERS and _EMERGENCY.search(before):
                return self.phone_digits(number.integer)
            if _CODE_BEFORE.search(before) or _is_code_name(before, number.integer):
                return self.phone_digits(number.integer)
            if len(number.integer) > 2 and _DIGITS_AFTER.match(after):
                return self.phone_digits(number.integer)
        return self._counted(number, before, after)

    def _counted(self, number: Number, before: str, after: str) -> str:
        if number.sign == "-" and _BELOW_ZERO.match(after):
            below_zero = Number("", number.integer, number.fraction)
            return "零下" + self._counted(below_zero, before, after)
        counted = after.lstrip()
        is_rank = before.endswith(("第", "初")) or _KEEPS_ER.match(counted)
        if counted[:1] and counted[0] in _TAKES_LIANG and not is_rank:
            return self._with_liang(number)
        return self.number(number)

    def bare_range(self, low: Number, high: Number, match: re.Match[str]) -> str:
        before, after = text_before(match), text_after(match)
        return (
            self._counted(low, before, after) + self.range_word + self._counted(high, before, after)
        )

    def date(self, year: int | None, month: int, day: int) -> str:
        words = f"{self.cardinal(month)}月{self.cardinal(day)}日"
        return f"{self.digits(str(year))}年{words}" if year else words

    def time(self, hour: int, minute: int | None, second: int | None, half: str) -> str:
        words = _part_of_day(hour, half) + ("两" if hour == 2 else self.cardinal(hour)) + "点"
        if minute or second:
            words += self._after_hour(minute or 0) + "分"
        if second:
            words += self._after_hour(second) + "秒"
        return words

    def _after_hour(self, value: int) -> str:
        return ("零" if 0 < value < 10 else "") + self.cardinal(value)

    def with_unit(self, amount: str, unit: str, singular: bool) -> str:
        if not amount and unit in ("%", "%RH", "‰"):
            return ""
        return super().with_unit(amount, unit, singular)

    def fraction(self, whole: int | None, numerator: int, denominator: int) -> str:
        if whole is None and numerator >= denominator:
            return f"{self.cardinal(numerator)}比{self.cardinal(denominator)}"
        part = f"{self.cardinal(denominator)}分之{self.cardinal(numerator)}"
        return part if whole is None else f"{self.cardinal(whole)}又{part}"

    def per(self, amount: str, unit: str) -> str:
        return f"{amount}每{unit}"

    def version_part(self, part: str) -> str:
        is_year = len(part) == 4 and part.startswith("20")
        return self.digits(part) if is_year else super().version_part(part)

    def join_words(self, words: list[str]) -> str:
        return re.sub(r"(?<![A-Za-z]) | (?![A-Za-z])", "", " ".join(words))


def _small(digit: str) -> str:
    return "零一两三四五六七八九"[int(digit)]


def _is_code_name(before: str, digits: str) -> bool:
    """Whether digits belong to a name such as CA1234 or BL602."""
    return len(digits) > 2 and re.search(r"[A-Za-z]-?$", before) is not None


def _part_of_day(hour: int, half: str) -> str:
    if half == "a":
        return "凌晨" if hour % 12 < 5 else "上午"
    if half == "p":
        return "中午" if hour == 12 else "下午" if hour < 6 else "晚上"
    return ""
