"""What goes between a front that speaks and a replica."""

from dataclasses import dataclass, replace

from wyoming_melotts.spoken import SpokenAudio


@dataclass(frozen=True)
class SentenceJob:
    """A sentence, or what is left of it: on computers of one kind, equal jobs give equal audio."""

    voice: str
    """By its name: replicas know where its files are."""
    text: str
    speed: float
    seed: int
    is_crowded: bool
    """Whether the front speaks other sentences at the same time; a first chunk is shorter then."""
    reading_seconds: float
    """CPU time that may be spent on reading the request's text, `reading_spent` of it is gone."""
    reading_spent: float
    skip_bytes: int = 0
    """Audio that another replica gave before it was lost."""
    skip_words: int = 0


@dataclass(frozen=True)
class SpokenPart:
    """A chunk of a sentence, and what was spent until then on reading the request's text."""

    audio: SpokenAudio
    reading_spent: float


class Rest:
    """What of a sentence's chunks has not been delivered yet."""

    def __init__(self, skip_bytes: int, skip_words: int) -> None:
        self._bytes = skip_bytes
        self._words = skip_words

    def of(self, chunk: SpokenAudio) -> SpokenAudio | None:
        """Returns what is left of the next chunk; None where all of it was delivered."""
        pcm, words = chunk.pcm[self._bytes :], chunk.words[self._words :]
        self._bytes -= len(chunk.pcm) - len(pcm)
        self._words -= len(chunk.words) - len(words)
        return replace(chunk, pcm=pcm, words=words) if pcm or words else None
