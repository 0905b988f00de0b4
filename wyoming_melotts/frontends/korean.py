"""The Korean front-end."""

import re

from wyoming_melotts.frontends.frontend import EMPTY_RUN, PAD, Phonemes, PhoneRun, Tokenizer
from wyoming_melotts.frontends.korean_g2p import pronounce
from wyoming_melotts.frontends.splitting import split_cjk
from wyoming_melotts.frontends.wordpieces import distribute, group_word_pieces

_IDEOGRAPHS = re.compile("[⺀-⺙⺛-⻳⼀-⿕々〇〡-〩〸-〺〻㐀-䶵一-鿃豈-鶴侮-頻並-龎]")
_OFFERS = {"1+1": "원플러스원", "2+1": "투플러스원"}
_OFFER = re.compile("|".join(map(re.escape, _OFFERS)))
_LATIN_WORD = re.compile("[A-Za-z]+")
_LATIN_WORDS = {
    "KOREA": "코리아",
    "IDOL": "아이돌",
    "IT": "아이티",
    "IQ": "아이큐",
    "UP": "업",
    "DOWN": "다운",
    "PC": "피씨",
    "CCTV": "씨씨티비",
    "SNS": "에스엔에스",
    "AI": "에이아이",
    "CEO": "씨이오",
    "A": "에이",
    "B": "비",
    "C": "씨",
    "D": "디",
    "E": "이",
    "F": "에프",
    "G": "지",
    "H": "에이치",
    "I": "아이",
    "J": "제이",
    "K": "케이",
    "L": "엘",
    "M": "엠",
    "N": "엔",
    "O": "오",
    "P": "피",
    "Q": "큐",
    "R": "알",
    "S": "에스",
    "T": "티",
    "U": "유",
    "V": "브이",
    "W": "더블유",
    "X": "엑스",
    "Y": "와이",
    "Z": "제트",
}
_PUNCTUATION = "!?…,.'-¿¡"


class KoreanFrontend:
    """Upstream's ``KR``."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    def split(self, text: str) -> list[str]:
        return split_cjk(text)

    def separate_camel_case(self, piece: str) -> str:
        return piece

    def normalize(self, text: str) -> str:
        text = _IDEOGRAPHS.sub("", text.strip())
        text = _OFFER.sub(lambda match: _OFFERS[match[0]], text)
        text = _LATIN_WORD.sub(lambda match: _LATIN_WORDS.get(match[0], match[0]), text)
        return text.lower()

    def phonemize(self, norm_text: str) -> Phonemes:
        tokens = self._tokenizer.tokenize(norm_text)
        run = EMPTY_RUN
        for pieces in group_word_pieces(tokens):
            phones = self._word_phones("".join(pieces))
            run += PhoneRun(phones, [0] * len(phones), distribute(len(phones), len(pieces)))
        return run.padded(norm_text, tokens)

    def _word_phones(self, word: str) -> list[str]:
        if word == "[UNK]":
            return [PAD]
        if word in _PUNCTUATION:
            return list(word)
        return pronounce(self.normalize(word))
