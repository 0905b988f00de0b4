"""Audio of sentences that were spoken before."""

from collections import OrderedDict
from collections.abc import Hashable

SentenceKey = Hashable
"""All that decides how a sentence sounds."""


class AudioCache:
    """Keeps the most recently used sentences up to a number of bytes."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._entries: OrderedDict[SentenceKey, bytes] = OrderedDict()

    def get(self, key: SentenceKey) -> bytes | None:
        """The audio of a sentence, if it is still here."""
        audio = self._entries.get(key)
        if audio is not None:
            self._entries.move_to_end(key)
        return audio

    def put(self, key: SentenceKey, audio: bytes) -> None:
        """Keep a sentence; one that alone is over the limit is not kept."""
        self._bytes -= len(self._entries.pop(key, b""))
        if len(audio) > self._most_bytes:
            return
        self._entries[key] = audio
        self._bytes += len(audio)
        while self._bytes > self._most_bytes:
            _, oldest = self._entries.popitem(last=False)
            self._bytes -= len(oldest)
