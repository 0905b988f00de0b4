"""What every language's text front-end returns: the interface and the phoneme sequence."""

from dataclasses import dataclass
from typing import Protocol

PAD = "_"
UNKNOWN = "UNK"


class Tokenizer(Protocol):
    """A BERT tokenizer; continuation pieces begin with ``##``."""

    def tokenize(self, text: str) -> list[str]:
        """The word pieces of ``text``, without [CLS] and [SEP]."""
        ...


@dataclass(frozen=True)
class Phonemes:
    """A normalized sentence and its phones, with the padding ``_`` at both ends.

    ``phones`` and ``tones`` have one entry a phone; ``word2ph`` has one entry a BERT token, [CLS]
    and [SEP] included, and sums to ``len(phones)``.
    """

    norm_text: str
    tokens: list[str]
    phones: list[str]
    tones: list[int]
    word2ph: list[int]


@dataclass(frozen=True)
class PhoneRun:
    """Phones of a stretch of text, without padding; ``word2ph`` counts the phones of each token."""

    phones: list[str]
    tones: list[int]
    word2ph: list[int]

    def __add__(self, other: "PhoneRun") -> "PhoneRun":
        return PhoneRun(
            self.phones + other.phones, self.tones + other.tones, self.word2ph + other.word2ph
        )

    def padded(self, norm_text: str, tokens: list[str]) -> Phonemes:
        """The whole sentence: this run between two pads that belong to [CLS] and [SEP]."""
        return Phonemes(
            norm_text=norm_text,
            tokens=tokens,
            phones=[PAD, *self.phones, PAD],
            tones=[0, *self.tones, 0],
            word2ph=[1, *self.word2ph, 1],
        )


EMPTY_RUN = PhoneRun([], [], [])


class Frontend(Protocol):
    """One language's way from text to phones, as upstream MeloTTS has it."""

    def split(self, text: str) -> list[str]:
        """The pieces that are spoken one after the other."""
        ...

    def separate_camel_case(self, piece: str) -> str:
        """``livingRoom`` as ``living Room`` where upstream's speech (not its cleaner) does that."""
        ...

    def normalize(self, text: str) -> str:
        """The spoken form of a piece, which is also what the BERT model reads."""
        ...

    def phonemize(self, norm_text: str) -> Phonemes:
        """The phones of a normalized piece; never raises, whatever the characters."""
        ...
