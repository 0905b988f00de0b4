"""Spanish, as said in Spain."""

import re

from wyoming_melotts.normalization.acronyms import spell_acronyms
from wyoming_melotts.normalization.language import Rule
from wyoming_melotts.normalization.patterns import Notation, Number
from wyoming_melotts.normalization.spaced import SpacedLanguage, is_code_name, word_after
from wyoming_melotts.normalization.units import UnitWords

_MONTH_NAMES = (
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
)
_NOUNS = {
    "%RH": "{} por ciento",
    "%": "{} por ciento",
    "‰": "{} por mil",
    "°C": "grado Celsius|grados Celsius",
    "°F": "grado Fahrenheit|grados Fahrenheit",
    "C": "grado Celsius|grados Celsius",
    "F": "grado Fahrenheit|grados Fahrenheit",
    "°": "grado|grados",
    "K": "kelvin|kelvins",
    "W": "vatio|vatios",
    "Wh": "vatio hora|vatios hora",
    "VA": "voltiamperio|voltiamperios",
    "V": "voltio|voltios",
    "A": "amperio|amperios",
    "Ah": "amperio hora|amperios hora",
    "Hz": "hercio|hercios",
    "Pa": "pascal|pascales",
    "bar": "bar|bares",
    "mmHg": "milímetro de mercurio|milímetros de mercurio",
    "inHg": "pulgada de mercurio|pulgadas de mercurio",
    "psi": "libra por pulgada cuadrada|libras por pulgada cuadrada",
    "atm": "atmósfera|atmósferas",
    "g": "gramo|gramos",
    "t": "tonelada|toneladas",
    "lb": "libra|libras",
    "oz": "onza|onzas",
    "m": "metro|metros",
    "mm": "milímetro|milímetros",
    "cm": "centímetro|centímetros",
    "dm": "decímetro|decímetros",
    "km": "kilómetro|kilómetros",
    "μm": "micrómetro|micrómetros",
    "mph": "milla por hora|millas por hora",
    "kn": "nudo|nudos",
    "m2": "metro cuadrado|metros cuadrados",
    "cm2": "centímetro cuadrado|centímetros cuadrados",
    "km2": "kilómetro cuadrado|kilómetros cuadrados",
    "m3": "metro cúbico|metros cúbicos",
    "cm3": "centímetro cúbico|centímetros cúbicos",
    "L": "litro|litros",
    "gal": "galón|galones",
    "J": "julio|julios",
    "cal": "caloría|calorías",
    "B": "byte|bytes",
    "bit": "bit|bits",
    "lx": "lux",
    "lm": "lumen|lúmenes",
    "dB": "decibelio|decibelios",
    "dBm": "decibelio milivatio|decibelios milivatio",
    "ppm": "parte por millón|partes por millón",
    "ppb": "parte por billón|partes por billón",
    "bpm": "latido por minuto|latidos por minuto",
    "rpm": "revolución por minuto|revoluciones por minuto",
    "fps": "fotograma por segundo|fotogramas por segundo",
    "Ω": "ohmio|ohmios",
    "S": "siemens",
    "d": "día|días",
    "h": "hora|horas",
    "min": "minuto|minutos",
    "s": "segundo|segundos",
}
_PREFIXES = {
    "n": "nano",
    "μ": "micro",
    "m": "mili",
    "c": "centi",
    "d": "deci",
    "h": "hecto",
    "k": "kilo",
    "M": "mega",
    "G": "giga",
    "T": "tera",
    "P": "peta",
}
_SYMBOLS = {
    "&": "y",
    "@": "arroba",
    "+": "más",
    "=": "igual a",
    "×": "por",
    "÷": "entre",
    "<": "menor que",
    ">": "mayor que",
    "≤": "menor o igual que",
    "≥": "mayor o igual que",
    "≠": "distinto de",
    "±": "más menos",
    "→": "a",
    "%": "por ciento",
    "°": "grados",
    "€": "euros",
    "$": "dólares",
}
_ADDRESS = {
    ".": "punto",
    "/": "barra",
    ":": "dos puntos",
    "-": "guion",
    "_": "guion bajo",
    "@": "arroba",
    "?": "interrogación",
    "=": "igual",
    "&": "y",
    "#": "almohadilla",
    "%": "por ciento",
    "+": "más",
    "~": "virgulilla",
}
_HUNDREDTHS = {"EUR": "céntimo", "USD": "centavo", "GBP": "penique"}
_CURRENCIES = {
    "USD": ("dólar", "dólares"),
    "EUR": ("euro", "euros"),
    "GBP": ("libra", "libras"),
    "CNY": ("yuan", "yuanes"),
    "YEN_OR_YUAN": ("yen", "yenes"),
    "JPY": ("yen", "yenes"),
    "KRW": ("won", "wones"),
    "HKD": ("dólar de Hong Kong", "dólares de Hong Kong"),
    "TWD": ("dólar taiwanés", "dólares taiwaneses"),
    "INR": ("rupia", "rupias"),
}
_SCALES = {"k": " mil", "m": " millones de", "million": " millones de", "b": " mil millones de"}
_FRACTIONS = {2: "medio", 3: "tercio", 4: "cuarto", 5: "quinto", 6: "sexto", 7: "séptimo"} | {
    8: "octavo",
    9: "noveno",
    10: "décimo",
}
_FEMININE = re.compile(
    r"(?:as?|ión|iones|dad|dades|tud)$"
    r"|^(?:luz|luces|noches?|partes?|redes|red|llaves?|claves?|tardes?|fases?|veces|vez|señal|señales)$"
)
_MASCULINE_IN_A = re.compile(r"^(?:días?|(?:sistema|programa|problema|clima|mapa|tema|idioma)s?)$")
_NO_NOUN = frozenset(
    """
    a al como con contra de del desde el en entre es está la las lo los más menos no o para pero por
    que se según ser sin sobre son su u un una y ya
    """.split()  # noqa: SIM905
)
_ABBREVIATIONS = {
    "Sr.": "señor",
    "Sra.": "señora",
    "Dr.": "doctor",
    "Dra.": "doctora",
    "Ud.": "usted",
    "Uds.": "ustedes",
    "p. ej.": "por ejemplo",
    "etc.": "etcétera",
    "EE. UU.": "Estados Unidos",
    "24/7": "veinticuatro horas al día",
    "máx.": "máximo",
    "mín.": "mínimo",
    "temp.": "temperatura",
    "aprox.": "aproximadamente",
}
_LETTERS = dict(
    item.split("=")
    for item in """
    A=a B=be C=ce D=de E=e F=efe G=ge H=hache I=i J=jota K=ka L=ele M=eme N=ene O=o P=pe Q=cu R=erre
    S=ese T=te U=u V=uve W=uve-doble X=equis Y=i-griega Z=zeta
    """.split()  # noqa: SIM905
)
_READ_AS_WORDS = frozenset(["LED", "OLED", "PIN", "IO", "HA", "US", "IOT"])
_CLOCK_HOUR_SIGN = re.compile(r"(?<=:\d\d)\s?h(?:s|rs)?\b")
_HALF = re.compile(r"(?<![\d./⁄] )(?<![\d./⁄])1[/⁄]2\s(?=(?!de\b)(?P<noun>[^\W\d_]+))")
_ORDINAL = re.compile(r"(?<![\d.,])(\d{1,3})\.?(o|a|er|ero|era|do|da|to|ta|ro|ra)(?![\w])")


class Spanish(SpacedLanguage):
    num2words_name = "es"
    notation = Notation(decimal_marks=".,", thousands_marks=". ", day_first=True)
    units = UnitWords(_NOUNS, _PREFIXES)
    digit_names = (
        "cero",
        "uno",
        "dos",
        "tres",
        "cuatro",
        "cinco",
        "seis",
        "siete",
        "ocho",
        "nueve",
    )
    point = " coma "
    signs = {"-": "menos ", "+": "más ", "±": "más menos "}  # noqa: RUF012
    range_word = " a "
    about_word = "aproximadamente "
    or_word = " o "
    ratio_word = " a "
    version_word = "versión "
    version_point = " punto "
    address_words = _ADDRESS
    symbol_words = _SYMBOLS
    duration_context = re.compile("quedan?|resta|duración|transcurrid|temporizador")
    month_names = "|".join(_MONTH_NAMES)

    def early_rules(self) -> list[Rule]:
        abbreviations = "|".join(map(re.escape, sorted(_ABBREVIATIONS, key=len, reverse=True)))
        return [
            (re.compile(rf"(?<!\w)(?:{abbreviations})"), lambda match: _ABBREVIATIONS[match[0]]),
            (re.compile(r"\b[Nn](?:\.\s?)?[o°]\s?(?=\d)"), lambda _: "número "),
            (_CLOCK_HOUR_SIGN, lambda _: ""),
            (re.compile(r"(?<=[A-Za-z])[-.](?=\d)"), lambda _: " "),
            (_ORDINAL, self._ordinal_or_degrees),
            (_HALF, lambda match: "media " if _is_feminine(match["noun"]) else "medio "),
        ]

    def language_rules(self) -> list[Rule]:
        return [
            (re.compile(r"(?<!\w)#\s?(?=\d)"), lambda _: "número "),
            (re.compile(r"(?<=\d)\s?[x*](?=\s?\d)"), lambda _: " por "),
        ]

    def finish(self, text: str) -> str:
        return spell_acronyms(text, _LETTERS, _READ_AS_WORDS)

    def month_number(self, name: str) -> int:
        if name in _MONTH_NAMES:
            return _MONTH_NAMES.index(name) + 1
        return super().month_number(name)

    def _ordinal_or_degrees(self, match: re.Match[str]) -> str:
        value, ending = int(match[1]), match[2]
        if value > 20 and ending == "o":
            return f"{match[1]}°"  # 26º is a temperature typed with the ordinal sign
        words = self.ordinal(value)
        if ending.endswith("a"):
            return words.removesuffix("o") + "a"
        return words.removesuffix("o") if ending == "er" else words

    def measured(self, number: Number, unit: str) -> str:
        if unit in ("%", "%RH", "‰"):
            return self.number(number)
        return self._agreeing(number, self.units.noun(unit.partition("/")[0]))

    def bare_number(self, number: Number, match: re.Match[str]) -> str:
        if is_code_name(match, number.integer):
            return self.digits(number.integer)
        noun = word_after(match)
        if not noun or noun in _NO_NOUN:
            return self.number(number)
        return self._agreeing(number, noun)

    def _agreeing(self, number: Number, noun: str) -> str:
        """Say a number before a noun: un día, una hora, veintiún grados, doscientas luces."""
        words = self.number(number)
        if number.fraction:
            return words
        if _is_feminine(noun.split()[0]):
            return re.sub(r"cientos\b", "cientas", re.sub(r"uno$", "una", words))
        return re.sub(r"uno$", "un", re.sub(r"veintiuno$", "veintiún", words))

    def date(self, year: int | None, month: int, day: int) -> str:
        words = f"{self.cardinal(day)} de {_MONTH_NAMES[month - 1]}"
        return f"{words} de {self.cardinal(year)}" if year else words

    def time(self, hour: int, minute: int | None, second: int | None, half: str) -> str:
        """Say the hours in the feminine; up to twelve with `y`, later as on a railway clock."""
        hours = re.sub(r"uno$", "una", self.cardinal(hour))
        if half or 1 <= hour <= 12:
            words = hours + self._minutes_past(minute or 0)
        elif minute:
            words = f"{hours} {'cero ' if minute < 10 else ''}{self.cardinal(minute)}"
        else:
            words = f"{hours} horas"
        if second:
            words += f" y {self._agreeing(Number('', str(second), ''), 'segundo')}"
            words += " segundo" if second == 1 else " segundos"
        return words + _part_of_day(hour, half)

    def _minutes_past(self, minute: int) -> str:
        if not minute:
            return ""
        named = {15: "cuarto", 30: "media"}
        return " y " + (named.get(minute) or self.cardinal(minute))

    def fraction(self, whole: int | None, numerator: int, denominator: int) -> str:
        name = _FRACTIONS.get(denominator)
        if name is None:
            part = f"{self.cardinal(numerator)} partido por {self.cardinal(denominator)}"
        elif whole is not None and (numerator, denominator) == (1, 2):
            part = name
        else:
            part = f"un {name}" if numerator == 1 else f"{self.cardinal(numerator)} {name}s"
        return part if whole is None else f"{self.cardinal(whole)} y {part}"

    def per(self, amount: str, unit: str) -> str:
        return f"{amount} por {unit}"

    def duration(self, amounts: list[str]) -> str:
        return " ".join(amounts[:-1]) + " y " + amounts[-1] if amounts[1:] else " ".join(amounts)

    def money(self, number: Number, scale: str, currency: str) -> str:
        one, many = _CURRENCIES[currency]
        noun = one if number.is_one and not scale else many
        has_hundredths = len(number.fraction) in (1, 2) and not scale
        if not has_hundredths:
            words = self.number(number) if scale else self._agreeing(number, noun)
            return f"{words}{_SCALES.get(scale.lower(), scale and ' ' + scale)} {noun}"
        hundredths = int(number.fraction.ljust(2, "0"))
        if hundredths and number.integer == "0" and currency in _HUNDREDTHS:
            plural = "" if hundredths == 1 else "s"
            cents = self._agreeing(Number(number.sign, str(hundredths), ""), "céntimo")
            return f"{cents} {_HUNDREDTHS[currency]}{plural}"
        whole = Number(number.sign, number.integer, "")
        main = f"{self._agreeing(whole, noun)} {one if whole.is_one else many}"
        return f"{main} con {self.cardinal(hundredths)}" if hundredths else main


def _is_feminine(noun: str) -> bool:
    return bool(_FEMININE.search(noun)) and not _MASCULINE_IN_A.search(noun)


def _part_of_day(hour: int, half: str) -> str:
    if half == "a":
        return " de la noche" if hour == 12 else " de la mañana"
    if half == "p":
        return " de la noche" if 8 <= hour < 12 else " de la tarde"
    return ""
