"""Audio of sentences that were spoken before."""

from collections import OrderedDict
from collections.abc import Hashable

from wyoming_melotts.spoken import SpokenAudio

SentenceKey = Hashable
"""All that decides how a sentence sounds."""

_ENTRY_BYTES = 2048
"""What a sentence takes without its audio, its own text included: even one that is never heard."""

_PHONE_BYTES = 200
"""What a phone with its times takes, about."""


class AudioCache:
    """Keeps the most recently used sentences up to a number of bytes."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._entries: OrderedDict[SentenceKey, SpokenAudio] = OrderedDict()

    def get(self, key: SentenceKey) -> SpokenAudio | None:
        """The audio of a sentence, if it is still here."""
        audio = self._entries.get(key)
        if audio is not None:
            self._entries.move_to_end(key)
        return audio

    def put(self, key: SentenceKey, audio: SpokenAudio) -> None:
        """Keep a sentence; one that alone is over the limit is not kept."""
        if key in self._entries:
            self._bytes -= _size(self._entries.pop(key))
        if _size(audio) > self._most_bytes:
            return
        self._entries[key] = audio
        self._bytes += _size(audio)
        while self._bytes > self._most_bytes:
            _, oldest = self._entries.popitem(last=False)
            self._bytes -= _size(oldest)


def _size(audio: SpokenAudio) -> int:
    phones = sum(len(word.phones) for word in audio.words)
    return _ENTRY_BYTES + len(audio.pcm) + _PHONE_BYTES * phones
