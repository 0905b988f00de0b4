"""English words in Hangul, by their sounds in the CMU dictionary.

The mapping follows Korea's rules for writing loanwords (외래어 표기법), simplified.
"""

from wyoming_melotts.normalization.cmu_dictionary import dictionary_phones

_ONSETS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_NUCLEI = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_CODAS = "_ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_VOWELS = {
    "AA": "ㅏ",
    "AE": "ㅐ",
    "AH": "ㅓ",
    "AO": "ㅗ",
    "AW": "ㅏㅜ",
    "AY": "ㅏㅣ",
    "EH": "ㅔ",
    "ER": "ㅓ",
    "EY": "ㅔㅣ",
    "IH": "ㅣ",
    "IY": "ㅣ",
    "OW": "ㅗ",
    "OY": "ㅗㅣ",
    "UH": "ㅜ",
    "UW": "ㅜ",
}
_CONSONANTS = {
    "B": "ㅂ",
    "CH": "ㅊ",
    "D": "ㄷ",
    "DH": "ㄷ",
    "F": "ㅍ",
    "G": "ㄱ",
    "HH": "ㅎ",
    "JH": "ㅈ",
    "K": "ㅋ",
    "L": "ㄹ",
    "M": "ㅁ",
    "N": "ㄴ",
    "P": "ㅍ",
    "R": "ㄹ",
    "S": "ㅅ",
    "SH": "ㅅ",
    "T": "ㅌ",
    "TH": "ㅅ",
    "V": "ㅂ",
    "Z": "ㅈ",
    "ZH": "ㅈ",
}
_SONORANT_CODAS = {"M": "ㅁ", "N": "ㄴ", "NG": "ㅇ", "L": "ㄹ"}
_STOP_CODAS = {"P": "ㅂ", "T": "ㅅ", "K": "ㄱ"}
_SHORT_VOWELS = frozenset(["AA", "AE", "AH", "EH", "IH", "UH"])
_AFTER_Y = dict(zip("ㅏㅐㅓㅔㅗㅜ", "ㅑㅒㅕㅖㅛㅠ", strict=True))
_AFTER_W = dict(zip("ㅏㅐㅓㅔㅗㅣ", "ㅘㅙㅝㅞㅝㅟ", strict=True))


def hangul_of(word: str) -> str | None:
    """Return an English word (lower case) in Hangul, or None if the dictionary does not hold it."""
    phones = dictionary_phones(word)
    if phones is None:
        return None
    return _syllables([phone.rstrip("012") for phone in phones])


def syllable_of(letter: str) -> str:
    """Return a syllable for a letter that stands alone (ㅋ is 크), "" for an obsolete one."""
    if letter in _ONSETS:
        return _composed(letter, "ㅡ", "_")
    return _composed("ㅇ", letter, "_") if letter in _NUCLEI else ""


def _syllables(phones: list[str]) -> str:
    """Build syllables: a vowel takes the consonant before it; one without a vowel gets ㅡ or ㅣ."""
    syllables: list[list[str]] = []
    onset, glide, vowel = "", "", ""
    for index, phone in enumerate(phones):
        following = phones[index + 1] if index + 1 < len(phones) else ""
        takes_vowel = following in _VOWELS or following == "Y"
        takes_vowel |= following == "W" and phone in ("K", "G", "HH")
        if phone in _VOWELS:
            syllables += _vowel_syllables(onset, glide, _VOWELS[phone])
            onset, glide, vowel = "ㄹ" if phone == "ER" and takes_vowel else "", "", phone
            continue
        if phone in ("W", "Y"):
            glide = phone
        elif phone == "L" and takes_vowel and syllables and syllables[-1][2] == "_":
            syllables[-1][2] = "ㄹ"
            onset = "ㄹ"
        elif phone in _CONSONANTS and takes_vowel:
            onset, glide = _CONSONANTS[phone], "Y" if phone == "SH" else ""
        elif vowel and phone in _SONORANT_CODAS:
            syllables[-1][2] = _SONORANT_CODAS[phone]
        elif vowel in _SHORT_VOWELS and phone in _STOP_CODAS and following not in ("L", "R"):
            syllables[-1][2] = _STOP_CODAS[phone]
        elif phone in _CONSONANTS and not (phone == "R" and vowel):
            filler = "ㅣ" if phone in ("SH", "CH", "JH", "ZH") else "ㅡ"
            syllables.append([_CONSONANTS[phone], filler, "_"])
        vowel = ""
    return "".join(_composed(*syllable) for syllable in syllables)


def _vowel_syllables(onset: str, glide: str, nuclei: str) -> list[list[str]]:
    first = nuclei[0]
    if glide == "Y":
        first = _AFTER_Y.get(first, first)
    if glide == "W":
        first = _AFTER_W.get(first, first)
    return [[onset or "ㅇ", first, "_"], *(["ㅇ", nucleus, "_"] for nucleus in nuclei[1:])]


def _composed(onset: str, nucleus: str, coda: str) -> str:
    """Compose a Hangul syllable (Unicode standard, section 3.12)."""
    index = (_ONSETS.index(onset) * 21 + _NUCLEI.index(nucleus)) * 28 + _CODAS.index(coda)
    return chr(0xAC00 + index)
