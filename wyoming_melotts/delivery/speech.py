"""The audio of one sentence: from the cache, or from where it is computed."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from wyoming_melotts.delivery.cache import AudioCache
from wyoming_melotts.delivery.playback import Playback
from wyoming_melotts.spoken import SpokenAudio, SpokenWord
from wyoming_melotts.voices import Voice

_CHUNK_BYTES = 1 << 16
"""Audio from the cache is yielded in pieces of this size."""


@dataclass(frozen=True)
class SentenceRequest:
    """A sentence to be spoken: equal requests sound the same, unless a seed is drawn for each."""

    voice: Voice
    text: str
    speed: float = 1.0
    """Relative to the settings'."""


class SentenceSource(Protocol):
    """Computes speech, in this process or in others."""

    def chunks(
        self, request: SentenceRequest, playback: Playback
    ) -> AsyncGenerator[SpokenAudio, None]:
        """The audio of a sentence as it is computed.

        Raises:
            ServiceError: the voice cannot be loaded, or too much waits.
        """

    async def compute_some(self, request: SentenceRequest) -> None:
        """Compute the beginning of a sentence behind all other work, and drop it."""

    async def close(self) -> None:
        """Forget what was to be done later."""


class SentenceAudio:
    """Turns sentences into audio for any number of clients at once."""

    def __init__(self, source: SentenceSource, cache: AudioCache) -> None:
        self._source = source
        self._cache = cache

    async def chunks(
        self, request: SentenceRequest, playback: Playback
    ) -> AsyncGenerator[SpokenAudio, None]:
        """The audio of a sentence, which is added to `playback` as it comes.

        Raises:
            ServiceError: see `SentenceSource.chunks`.
        """
        known = self._cache.get(request)
        is_read_plainly = playback.reading.is_spent
        source = self._source.chunks(request, playback) if known is None else _cut(known)
        pcm: list[bytes] = []
        words: list[SpokenWord] = []
        async with aclosing(source):
            async for chunk in source:
                playback.add(len(chunk.pcm))
                pcm.append(chunk.pcm)
                words += chunk.words
                yield chunk
        if not is_read_plainly:  # others have not spent their budgets
            self._cache.put(request, SpokenAudio(b"".join(pcm), words))


async def _cut(audio: SpokenAudio) -> AsyncGenerator[SpokenAudio, None]:
    words = audio.words
    for start in range(0, len(audio.pcm), _CHUNK_BYTES):
        yield SpokenAudio(audio.pcm[start : start + _CHUNK_BYTES], words)
        words = ()
