"""Speech as it is handed from room to room: audio, and where its words and phones are."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class SpokenPhone:
    """A phone with its times, in seconds from the beginning of the audio.

    `symbol` is the voice's own: ARPAbet in English, initials and finals in Chinese, the signs of
    the IPA elsewhere.
    """

    symbol: str
    start: float
    end: float

    def shifted(self, seconds: float) -> "SpokenPhone":
        """Returns the same phone in audio that begins so much earlier."""
        return SpokenPhone(self.symbol, self.start + seconds, self.end + seconds)


@dataclass(frozen=True)
class SpokenWord:
    """A word as it is spoken, normalized, with its times in seconds and its phones."""

    text: str
    start: float
    end: float
    phones: tuple[SpokenPhone, ...]

    def shifted(self, seconds: float) -> "SpokenWord":
        """Returns the same word in audio that begins so much earlier."""
        phones = tuple(phone.shifted(seconds) for phone in self.phones)
        return SpokenWord(self.text, self.start + seconds, self.end + seconds, phones)


@dataclass(frozen=True)
class SpokenAudio:
    """A stretch of 16-bit mono PCM, and words that begin in it or soon after it.

    No word comes later than its audio.
    """

    pcm: bytes
    words: Sequence[SpokenWord] = ()


@dataclass(frozen=True)
class SpokenSentence:
    """A sentence that begins to be spoken: by which voice, at which second of the text's audio."""

    text: str
    voice: str
    language: str
    start: float


SpeechEvent = SpokenSentence | SpokenAudio
"""What comes of a text while it is spoken; all times count from the beginning of its audio."""


@dataclass(frozen=True)
class ReadWord:
    """A word as it would be spoken, normalized, and the symbols of its phones."""

    text: str
    phones: tuple[str, ...]


@dataclass(frozen=True)
class ReadSentence:
    """A sentence that nobody speaks, only reads: which voice would speak it, and what."""

    text: str
    voice: str
    language: str
    words: Sequence[ReadWord]
