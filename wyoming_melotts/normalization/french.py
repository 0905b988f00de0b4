"""French, as said in France."""

import re

from wyoming_melotts.normalization.acronyms import spell_acronyms
from wyoming_melotts.normalization.language import Rule
from wyoming_melotts.normalization.patterns import Notation, Number
from wyoming_melotts.normalization.spaced import SpacedLanguage, is_code_name, word_after
from wyoming_melotts.normalization.units import UnitWords

_MONTH_NAMES = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
_NOUNS = {
    "%RH": "{} pour cent",
    "%": "{} pour cent",
    "‰": "{} pour mille",
    "°C": "degré Celsius|degrés Celsius",
    "°F": "degré Fahrenheit|degrés Fahrenheit",
    "C": "degré Celsius|degrés Celsius",
    "F": "degré Fahrenheit|degrés Fahrenheit",
    "°": "degré|degrés",
    "K": "kelvin|kelvins",
    "W": "watt|watts",
    "Wh": "watt-heure|watt-heures",
    "VA": "voltampère|voltampères",
    "V": "volt|volts",
    "A": "ampère|ampères",
    "Ah": "ampère-heure|ampères-heures",
    "Hz": "hertz",
    "Pa": "pascal|pascals",
    "bar": "bar|bars",
    "mmHg": "millimètre de mercure|millimètres de mercure",
    "inHg": "pouce de mercure|pouces de mercure",
    "psi": "livre par pouce carré|livres par pouce carré",
    "atm": "atmosphère|atmosphères",
    "g": "gramme|grammes",
    "t": "tonne|tonnes",
    "lb": "livre|livres",
    "oz": "once|onces",
    "m": "mètre|mètres",
    "mph": "mile par heure|miles par heure",
    "kn": "nœud|nœuds",
    "m2": "mètre carré|mètres carrés",
    "m3": "mètre cube|mètres cubes",
    "ha": "hectare|hectares",
    "L": "litre|litres",
    "gal": "gallon|gallons",
    "J": "joule|joules",
    "cal": "calorie|calories",
    "B": "octet|octets",
    "o": "octet|octets",
    "ko": "kilooctet|kilooctets",
    "Mo": "mégaoctet|mégaoctets",
    "Go": "gigaoctet|gigaoctets",
    "To": "téraoctet|téraoctets",
    "bit": "bit|bits",
    "lx": "lux",
    "lm": "lumen|lumens",
    "dB": "décibel|décibels",
    "dBm": "décibel-milliwatt|décibels-milliwatts",
    "ppm": "partie par million|parties par million",
    "ppb": "partie par milliard|parties par milliard",
    "bpm": "battement par minute|battements par minute",
    "rpm": "tour par minute|tours par minute",
    "fps": "image par seconde|images par seconde",
    "Ω": "ohm|ohms",
    "S": "siemens",
    "d": "jour|jours",
    "j": "jour|jours",
    "h": "heure|heures",
    "min": "minute|minutes",
    "s": "seconde|secondes",
}
_PREFIXES = {
    "n": "nano",
    "μ": "micro",
    "m": "milli",
    "c": "centi",
    "d": "déci",
    "h": "hecto",
    "k": "kilo",
    "M": "méga",
    "G": "giga",
    "T": "téra",
    "P": "péta",
}
_SYMBOLS = {
    "&": "et",
    "@": "arobase",
    "+": "plus",
    "=": "égale",
    "×": "fois",
    "÷": "divisé par",
    "<": "inférieur à",
    ">": "supérieur à",
    "≤": "inférieur ou égal à",
    "≥": "supérieur ou égal à",
    "≠": "différent de",
    "±": "plus ou moins",
    "→": "à",
    "%": "pour cent",
    "°": "degrés",
    "€": "euros",
    "$": "dollars",
}
_ADDRESS = {
    ".": "point",
    "/": "slash",
    ":": "deux-points",
    "-": "tiret",
    "_": "tiret bas",
    "@": "arobase",
    "?": "point d'interrogation",
    "=": "égal",
    "&": "et",
    "#": "dièse",
    "%": "pour cent",
    "+": "plus",
    "~": "tilde",
}
_HUNDREDTHS = {"EUR": "centime", "USD": "cent", "GBP": "penny"}
_CURRENCIES = {
    "USD": ("dollar", "dollars"),
    "EUR": ("euro", "euros"),
    "GBP": ("livre", "livres"),
    "CNY": ("yuan", "yuans"),
    "YEN_OR_YUAN": ("yen", "yens"),
    "JPY": ("yen", "yens"),
    "KRW": ("won", "wons"),
    "HKD": ("dollar de Hong Kong", "dollars de Hong Kong"),
    "TWD": ("dollar taïwanais", "dollars taïwanais"),
    "INR": ("roupie", "roupies"),
}
_SCALES = {"k": " mille", "m": " millions de", "million": " millions de", "b": " milliards de"}
_FRACTIONS = {2: "demi", 3: "tiers", 4: "quart"}
_FEMININE = re.compile(
    r"(?:tion|sion|[aiou]té|ée|ette|[ae]nce|ure|ière|euse|trice|ille|elle|esse|enne|oire)s?$"
    r"|^(?:ampoule|alarme|barre|batterie|caméra|carte|chambre|chanson|couleur|demande|erreur|fenêtre"
    r"|fois|goutte|heure|image|lampe|liste|livre|machine|maison|minute|page|partie|personne|pièce"
    r"|piste|place|porte|prise|salle|scène|seconde|semaine|tâche|tonne|tasse|touche|voiture|zone"
    r"|nuit|cuillère|cuillerée|boîte|clé|souris|assiette|étape|calorie|atmosphère|once|roupie|vanne|chaise|table|fuite|note|vidéo|photo|radio|télé)s?$"
)
_ABBREVIATIONS = {
    "M.": "monsieur",
    "Mme": "madame",
    "Mme.": "madame",
    "Mlle": "mademoiselle",
    "Mlle.": "mademoiselle",
    "Dr": "docteur",
    "Dr.": "docteur",
    "24/7": "vingt-quatre heures sur vingt-quatre",
    "av.": "avenue",
    "bd": "boulevard",
    "etc.": "et cetera",
    "p. ex.": "par exemple",
    "max.": "maximum",
    "min.": "minimum",
    "temp.": "température",
    "env.": "environ",
}
_SHORT_MONTHS = {
    "janv": 1,
    "févr": 2,
    "fév": 2,
    "avr": 4,
    "juil": 7,
    "sept": 9,
    "oct": 10,
    "nov": 11,
    "déc": 12,
}
_LETTERS = dict(
    item.split("=")
    for item in """
    A=a B=bé C=cé D=dé E=e F=effe G=gé H=hache I=i J=ji K=ka L=elle M=emme N=enne O=o P=pé Q=cu
    R=erre S=esse T=té U=u V=vé W=double-vé X=ixe Y=i-grec Z=zède
    """.split()  # noqa: SIM905
)
_READ_AS_WORDS = frozenset(["LED", "OLED", "PIN", "OS", "US", "HA", "DIY"])
_HOUR_SIGN = re.compile(r"(?<![\d.,])(\d{1,2})\s?[hH]\s?([0-5]\d)(?!\d)(?:\s?min\b)?")
_HALF = re.compile(r"(?<![\d./⁄] )(?<![\d./⁄])1[/⁄]2\s(?=(?!de\b)(?P<noun>[^\W\d_]+))")
_ORDINAL = re.compile(r"(?<![\d.,])(\d{1,4})(er|re|ère|e|ème|eme|nd|nde)(?![\w])")


class French(SpacedLanguage):
    num2words_name = "fr"
    notation = Notation(decimal_marks=".,", thousands_marks=" ", day_first=True)
    units = UnitWords(_NOUNS, _PREFIXES)
    digit_names = ("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf")
    point = " virgule "
    signs = {"-": "moins ", "+": "plus ", "±": "plus ou moins "}  # noqa: RUF012
    range_word = " à "
    about_word = "environ "
    or_word = " ou "
    ratio_word = " à "
    version_word = "version "
    version_point = " point "
    address_words = _ADDRESS
    symbol_words = _SYMBOLS
    duration_context = re.compile("reste|durée|écoulé|minuteur")
    month_names = "|".join([*_MONTH_NAMES, *_SHORT_MONTHS])

    def early_rules(self) -> list[Rule]:
        abbreviations = "|".join(map(re.escape, sorted(_ABBREVIATIONS, key=len, reverse=True)))
        return [
            (
                re.compile(rf"(?<![\w/])(?<!\d )(?:{abbreviations})(?!\w)"),
                lambda match: _ABBREVIATIONS[match[0]],
            ),
            (re.compile(r"\b[Nn][o°]\s?(?=\d)"), lambda _: "numéro "),
            (re.compile(r"(?<=\d)\s?([hj])/(?=\d)"), lambda match: f" {match[1]} sur "),
            (_HOUR_SIGN, lambda match: f"{match[1]}:{match[2]}"),
            (re.compile(r"(?<=[A-Za-z])[-.](?=\d)"), lambda _: " "),
            (_ORDINAL, self._ordinal_with_ending),
            (_HALF, lambda match: "une demi-" if _FEMININE.search(match["noun"]) else "un demi-"),
        ]

    def language_rules(self) -> list[Rule]:
        return [
            (re.compile(r"(?<!\w)#\s?(?=\d)"), lambda _: "numéro "),
            (re.compile(r"(?<=\d)\s?[x*](?=\s?\d)"), lambda _: " fois "),
        ]

    def finish(self, text: str) -> str:
        text = re.sub(r"\b([Dd])e (?=une? )", r"\1'", text)
        return spell_acronyms(text, _LETTERS, _READ_AS_WORDS)

    def month_number(self, name: str) -> int:
        if name in _MONTH_NAMES:
            return _MONTH_NAMES.index(name) + 1
        return _SHORT_MONTHS.get(name) or super().month_number(name)

    def _ordinal_with_ending(self, match: re.Match[str]) -> str:
        words = self.ordinal(int(match[1]))
        return "première" if match[1] == "1" and match[2] in ("re", "ère") else words

    def is_singular(self, number: Number) -> bool:
        """French counts in the plural from two on: 1,5 litre."""
        return len(number.integer) == 1 and number.integer in "01"

    def measured(self, number: Number, unit: str) -> str:
        if unit in ("%", "%RH", "‰"):
            return self.number(number)
        return self._agreeing(number, self.units.noun(unit.partition("/")[0]))

    def bare_number(self, number: Number, match: re.Match[str]) -> str:
        if is_code_name(match, number.integer):
            return self.digits(number.integer)
        return self._agreeing(number, word_after(match))

    def _agreeing(self, number: Number, noun: str) -> str:
        """Say a number before a noun: un jour, une heure, vingt et une lampes."""
        words = self.number(number)
        is_feminine = bool(noun) and "-" not in noun and _FEMININE.search(noun.split()[0])
        return re.sub(r"\bun$", "une", words) if is_feminine and not number.fraction else words

    def phone_digits(self, digits: str) -> str:
        """Say a pair of digits as one number, as telephone numbers are in France."""
        is_pair = len(digits) == 2 and not digits.startswith("0")
        return self.cardinal(int(digits)) if is_pair else self.digits(digits)

    def date(self, year: int | None, month: int, day: int) -> str:
        words = f"{'premier' if day == 1 else self.cardinal(day)} {_MONTH_NAMES[month - 1]}"
        return f"{words} {self.cardinal(year)}" if year else words

    def time(self, hour: int, minute: int | None, second: int | None, half: str) -> str:
        words = self.quantity(Number("", str(hour), ""), "h")
        if minute:
            words += f" {self._agreeing(Number('', str(minute), ''), 'minute')}"
        if second:
            words += f" et {self.quantity(Number('', str(second), ''), 's')}"
        return words + _part_of_day(hour, half)

    def fraction(self, whole: int | None, numerator: int, denominator: int) -> str:
        name = _FRACTIONS.get(denominator) or self.ordinal(denominator)
        if whole is not None and (numerator, denominator) == (1, 2):
            return f"{self.cardinal(whole)} et demi"
        plural = "" if numerator == 1 or name.endswith("s") else "s"
        part = f"{self.cardinal(numerator)} {name}{plural}"
        return part if whole is None else f"{self.cardinal(whole)} et {part}"

    def per(self, amount: str, unit: str) -> str:
        return f"{amount} par {unit}"

    def duration(self, amounts: list[str]) -> str:
        return " ".join(amounts[:-1]) + " et " + amounts[-1] if amounts[1:] else " ".join(amounts)

    def money(self, number: Number, scale: str, currency: str) -> str:
        one, many = _CURRENCIES[currency]
        if scale or len(number.fraction) not in (1, 2):
            noun = one if self.is_singular(number) and not scale else many
            words = self._agreeing(number, noun)
            return f"{words}{_SCALES.get(scale.lower(), scale and ' ' + scale)} {noun}"
        hundredths = int(number.fraction.ljust(2, "0"))
        if hundredths and number.integer == "0" and currency in _HUNDREDTHS:
            plural = "" if hundredths == 1 else "s"
            return f"{self.cardinal(hundredths)} {_HUNDREDTHS[currency]}{plural}"
        whole = Number(number.sign, number.integer, "")
        noun = one if self.is_singular(whole) else many
        words = f"{self._agreeing(whole, noun)} {noun}"
        return f"{words} {self.cardinal(hundredths)}" if hundredths else words


def _part_of_day(hour: int, half: str) -> str:
    if half == "a":
        return " du matin"
    if half == "p":
        return " du soir" if 6 <= hour < 12 else " de l'après-midi"
    return ""
