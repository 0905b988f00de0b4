"""The front-end of the Chinese voices, which speak English words inside Chinese too."""

import re
import unicodedata
from collections.abc import Sequence

import cn2an

from wyoming_melotts.frontends.camel_case import separate_camel_case
from wyoming_melotts.frontends.english_phones import english_phones
from wyoming_melotts.frontends.frontend import EMPTY_RUN, Phonemes, PhoneRun, Tokenizer
from wyoming_melotts.frontends.pinyin import syllable_phones
from wyoming_melotts.frontends.readings import NO_READINGS, Readings, Syllable
from wyoming_melotts.frontends.segmentation import cut_words
from wyoming_melotts.frontends.splitting import split_cjk
from wyoming_melotts.frontends.tone_sandhi import apply_sandhi, finals_of, initials_of, merge_words

_PUNCTUATION = "!?…,.'-"
_SIGNS = {
    **dict.fromkeys("：；，·、", ","),
    **dict.fromkeys("。\n$", "."),
    **dict.fromkeys("“”‘’（）()《》【】[]「」", "'"),
    **dict.fromkeys("—～~", "-"),
    "！": "!",
    "？": "?",
    "...": "…",
    # Interjections that pypinyin gives no syllable.
    "嗯": "恩",
    "呣": "母",
}
_SIGN = re.compile("|".join(map(re.escape, _SIGNS)))
_UNSPEAKABLE = re.compile(rf"[^\u4e00-\u9fa5_a-zA-Z\s{_PUNCTUATION}]+")
_NUMBER = re.compile(r"\d+(?:\.?\d+)?")
_DIGIT_NAMES = "零一二三四五六七八九"
_CLAUSE_END = re.compile(rf"(?<=[{_PUNCTUATION}])\s*")
_RUN = re.compile(r"(?P<english>[a-zA-Z\s]+)|(?P<silent>_)|(?P<chinese>[^a-zA-Z\s_]+)")

# The Chinese checkpoint was trained with English tones behind the six Chinese and one Japanese.
_ENGLISH_TONE_OFFSET = 7


class ChineseFrontend:
    """Upstream's ``ZH_MIX_EN``."""

    def __init__(self, tokenizer: Tokenizer, readings: Readings = NO_READINGS) -> None:
        self._tokenizer = tokenizer
        self._readings = readings

    def split(self, text: str) -> list[str]:
        return split_cjk(text)

    def separate_camel_case(self, piece: str) -> str:
        return separate_camel_case(piece)

    def normalize(self, text: str) -> str:
        text = _NUMBER.sub(lambda match: _spoken_number(match[0]), text)
        text = _SIGN.sub(lambda match: _SIGNS[match[0]], text)
        return re.sub(r"\s+", " ", _UNSPEAKABLE.sub("", text))

    def phonemize(self, norm_text: str) -> Phonemes:
        run = EMPTY_RUN
        for clause in _CLAUSE_END.split(norm_text):
            for match in _RUN.finditer(clause):
                run += self._phones(match)
        return run.padded(norm_text, self._tokenizer.tokenize(norm_text))

    def _phones(self, match: re.Match[str]) -> PhoneRun:
        if match["english"]:
            english = english_phones(
                self._tokenizer.tokenize(match["english"]), self._readings.arpabet
            )
            tones = [tone + _ENGLISH_TONE_OFFSET for tone in english.tones]
            return PhoneRun(english.phones, tones, english.word2ph)
        if match["silent"]:  # upstream fails on it
            return PhoneRun([], [], [0])
        run = EMPTY_RUN
        for part, syllables in self._readings.chinese_parts(match["chinese"]):
            run += _named_phones(syllables) if syllables else _chinese_phones(part)
        return run


def _spoken_number(digits: str) -> str:
    """By value; digit by digit where the number is longer than cn2an reads."""
    ascii_digits = "".join(
        str(unicodedata.digit(char, 0)) if char != "." else "." for char in digits
    )
    try:
        return str(cn2an.an2cn(ascii_digits))
    except ValueError:
        return "".join("点" if char == "." else _DIGIT_NAMES[int(char)] for char in ascii_digits)


def _chinese_phones(text: str) -> PhoneRun:
    """One entry of ``word2ph`` a character; characters without a reading have no phones."""
    run = EMPTY_RUN
    for word in merge_words(cut_words(text)):
        finals = apply_sandhi(word, finals_of(word.text))
        for initial, final in zip(initials_of(word.text), finals, strict=True):
            run += _character_phones(initial, final)
    return run


def _named_phones(syllables: Sequence[Syllable]) -> PhoneRun:
    """Phones of a name as its reading says, without sandhi."""
    run = EMPTY_RUN
    for initial, final in syllables:
        run += _character_phones(initial, final)
    return run


def _character_phones(initial: str, final: str) -> PhoneRun:
    if initial == final:  # no syllable: the character itself
        return PhoneRun([initial], [0], [1]) if initial in _PUNCTUATION else PhoneRun([], [], [0])
    phones = syllable_phones(initial, final[:-1])
    if not phones or final[-1] not in "12345":
        return PhoneRun([], [], [0])
    return PhoneRun(phones, [int(final[-1])] * 2, [2])
