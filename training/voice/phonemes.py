"""From MeloTTS's phones and tones to Kokoro's phonemes, one string a phone.

The teacher is told phone by phone what to say, so its durations of phonemes are durations of
MeloTTS's phones, and nothing has to be aligned. Mandarin follows misaki's table of 2025 (0.9.4),
English the American half of misaki's, where stress stands before the vowel.
"""

import itertools
from collections.abc import Iterator

from wyoming_melotts.frontends import Phonemes
from wyoming_melotts.frontends.segmentation import cut_words
from wyoming_melotts.synthesis.symbols import LANGUAGE_CODES

_ENGLISH_TONE_START = LANGUAGE_CODES["EN"].tone_start
_SIGNS = {"!": "!", "?": "?", "…": "…", ",": ",", ".": ".", "'": "", "-": "", "_": ""}

_TONE_MARKS = {1: "→", 2: "↗", 3: "↓", 4: "↘", 5: ""}
INITIALS = {
    "b": "p", "p": "pʰ", "m": "m", "f": "f", "d": "t", "t": "tʰ", "n": "n", "l": "l", "g": "k",
    "k": "kʰ", "h": "x", "j": "ʨ", "q": "ʨʰ", "x": "ɕ", "zh": "ꭧ", "ch": "ꭧʰ", "sh": "ʂ",
    "r": "ɻ", "z": "ʦ", "c": "ʦʰ", "s": "s", "AA": "", "EE": "", "OO": "", "y": "", "w": "",
}  # fmt: skip
_FINALS = {
    "a": "a0", "ai": "ai0", "an": "a0n", "ang": "a0ŋ", "ao": "au0", "e": "ɤ0", "ei": "ei0",
    "en": "ə0n", "eng": "ə0ŋ", "er": "ɚ0", "i": "i0", "i0": "ɨ0", "ir": "ɨ0", "ia": "ja0",
    "ian": "jɛ0n", "iang": "ja0ŋ", "iao": "jau0", "ie": "je0", "in": "i0n", "ing": "i0ŋ",
    "iong": "jʊ0ŋ", "iu": "jou0", "o": "wo0", "ong": "ʊ0ŋ", "ou": "ou0", "u": "u0", "ua": "wa0",
    "uai": "wai0", "uan": "wa0n", "uang": "wa0ŋ", "ui": "wei0", "un": "wə0n", "uo": "wo0",
    "v": "y0", "ve": "ɥe0", "van": "ɥɛ0n", "vn": "y0n",
}  # fmt: skip
_AFTER_Y = {
    "a": "ja0", "ang": "ja0ŋ", "ao": "jau0", "E": "je0", "En": "jɛ0n", "ou": "jou0",
    "ong": "jʊ0ŋ", "o": "jo0",
}  # fmt: skip
_AFTER_W = {
    "a": "wa0", "ai": "wai0", "an": "wa0n", "ang": "wa0ŋ", "ei": "wei0", "en": "wə0n",
    "eng": "wə0ŋ", "o": "wo0", "u": "u0",
}  # fmt: skip
_AFTER_OO = {"o": "ɔ0"}
_VOWELS = {
    "aa": "ɑ", "ae": "æ", "ah": "ʌ", "ao": "ɔ", "aw": "W", "ay": "I", "eh": "ɛ", "er": "ɜɹ",
    "ey": "A", "ih": "ɪ", "iy": "i", "ow": "O", "oy": "Y", "uh": "ʊ", "uw": "u",
}  # fmt: skip
_UNSTRESSED_VOWELS = {"ah": "ə", "er": "əɹ"}
_STRESS_MARKS = {0: "", 1: "", 2: "ˈ", 3: "ˌ"}
_CONSONANTS = {
    "b": "b", "ch": "ʧ", "d": "d", "dh": "ð", "f": "f", "g": "ɡ", "hh": "h", "jh": "ʤ", "k": "k",
    "l": "l", "m": "m", "n": "n", "ng": "ŋ", "p": "p", "r": "ɹ", "s": "s", "sh": "ʃ", "t": "t",
    "th": "θ", "V": "v", "w": "w", "y": "j", "z": "z", "zh": "ʒ",
}  # fmt: skip
_WEAK_WORDS = frozenset(
    [
        "a", "an", "and", "are", "as", "at", "be", "been", "but", "by", "can", "could", "do",
        "does", "for", "from", "had", "has", "have", "he", "her", "his", "i", "in", "is", "it",
        "its", "me", "my", "of", "on", "or", "our", "she", "should", "that", "the", "their",
        "them", "there", "they", "this", "to", "us", "was", "we", "were", "will", "with", "would",
        "you", "your",
    ]
)  # fmt: skip
"""Said without stress, though the dictionary gives them one."""


def kokoro_phonemes(phonemes: Phonemes) -> list[str]:
    """What Kokoro is to say for each phone; a space between words belongs to the phone before it.

    `phonemes` come from the ZH front-end (ZH_MIX_EN) over `PlainTokenizer`.

    Raises:
        KeyError: a phone that Kokoro has no phoneme for.
    """
    spoken = [""]
    phones = iter(zip(phonemes.phones[1:], phonemes.tones[1:], strict=True))
    counts = phonemes.word2ph[1:-1]
    starts = _word_starts(phonemes.norm_text.lower(), phonemes.tokens)
    for token, begins_word, count in zip(phonemes.tokens, starts, counts, strict=True):
        own = list(itertools.islice(phones, count))
        said = _token(own)
        if token in _WEAK_WORDS:
            said = [phoneme.strip("ˈˌ") for phoneme in said]
        if begins_word and said and len(spoken) > 1:
            spoken[-1] += " "
        spoken += said
    return [*spoken, ""]


def _word_starts(text: str, tokens: list[str]) -> Iterator[bool]:
    """Whether a word begins at each token; signs cling to the word before them."""
    word_ends = itertools.accumulate(len(word.text) for word in cut_words(text))
    starts = {0, *word_ends}
    position = 0
    for token in tokens:
        position = text.index(token, position)
        yield position in starts and any(map(str.isalnum, token))
        position += len(token)


def _token(phones: list[tuple[str, int]]) -> list[str]:
    """Of a word, a character or a sign."""
    onset = phones[0][0] if phones else ""
    return [
        _phone(phone, tone, onset if place else "") for place, (phone, tone) in enumerate(phones)
    ]


def _phone(phone: str, tone: int, onset: str) -> str:
    if phone in _SIGNS:
        return _SIGNS[phone]
    if tone < _ENGLISH_TONE_START:
        return _mandarin(phone, tone, onset)
    stress = tone - _ENGLISH_TONE_START
    if phone in _CONSONANTS:
        return _CONSONANTS[phone]
    weak = _UNSTRESSED_VOWELS if stress < 2 else {}
    return _STRESS_MARKS[stress] + weak.get(phone, _VOWELS[phone])


def _mandarin(phone: str, tone: int, onset: str) -> str:
    """A syllable's first phone has no `onset` before it."""
    if not onset:
        return INITIALS[phone]
    glided = {"y": _AFTER_Y, "w": _AFTER_W, "OO": _AFTER_OO}.get(onset, {})
    final = glided[phone] if phone in glided else _FINALS[phone]
    return final.replace("0", _TONE_MARKS[tone])
