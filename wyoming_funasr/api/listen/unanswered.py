"""What was said to a server and is not answered yet: another connection must hear it again."""

import asyncio
from collections import deque

from wyoming_funasr.api.listen.commands import Cancel, Command, Configure, Listening

MOST_SECONDS = 30.0
"""Of audio that is kept, and of audio that waits to be sent."""
_PIECE_SECONDS = 0.1


class Unanswered:
    """Audio and commands in their order, those that were sent and those that were not."""

    def __init__(self, listening: Listening, bytes_per_second: int) -> None:
        self.listening = listening
        """What holds at the beginning of what is kept."""
        self._bytes_per_second = bytes_per_second
        self._piece_bytes = round(_PIECE_SECONDS * bytes_per_second)
        self._sent: deque[bytes | Command] = deque()
        self._unsent: deque[bytes | Command] = deque()
        self._sent_bytes = self._unsent_bytes = 0
        self._start_bytes = 0
        self._is_closed = False
        self._changed = asyncio.Event()

    @property
    def start_ms(self) -> int:
        """Where in all the audio that begins which is kept."""
        return round(self._start_bytes * 1000 / self._bytes_per_second)

    async def add(self, said: bytes | Command) -> None:
        """Take what is said next; waits while too much waits to be sent."""
        if not isinstance(said, bytes):
            self._put(said)
            return
        for at in range(0, len(said), self._piece_bytes):
            while self._unsent_bytes > MOST_SECONDS * self._bytes_per_second:
                await self._wait()
            self._put(said[at : at + self._piece_bytes])

    def close(self) -> None:
        """Nothing follows."""
        self._is_closed = True
        self._changed.set()

    async def wait(self) -> bool:
        """Wait until there is something to send; returns False at the end."""
        while not self._unsent and not self._is_closed:
            await self._wait()
        return bool(self._unsent)

    async def next(self) -> bytes | Command | None:
        """Returns what is to be sent next; None at the end."""
        if not await self.wait():
            return None
        said = self._unsent.popleft()
        self._unsent_bytes -= _size(said)
        if isinstance(said, Cancel):
            self.forget_sent()
        self._sent.append(said)
        self._sent_bytes += _size(said)
        while self._sent_bytes > MOST_SECONDS * self._bytes_per_second:
            self._forget_first()
        self._changed.set()
        return said

    def rewind(self) -> None:
        """All that is kept is to be sent again."""
        self._unsent.extendleft(reversed(self._sent))
        self._unsent_bytes += self._sent_bytes
        self._sent.clear()
        self._sent_bytes = 0

    def answered(self, until_ms: int) -> None:
        """What was sent up to there is answered."""
        until = until_ms * self._bytes_per_second / 1000
        while self._sent and self._start_bytes + _size(self._sent[0]) <= until:
            self._forget_first()

    def cancelled(self) -> None:
        """The first command to cancel is answered."""
        if any(isinstance(said, Cancel) for said in self._sent):
            while not isinstance(self._forget_first(), Cancel):
                pass

    def forget_sent(self) -> None:
        """Nothing more comes of what was sent."""
        while self._sent:
            self._forget_first()

    def _put(self, said: bytes | Command) -> None:
        self._unsent.append(said)
        self._unsent_bytes += _size(said)
        self._changed.set()

    def _forget_first(self) -> bytes | Command:
        said = self._sent.popleft()
        self._sent_bytes -= _size(said)
        self._start_bytes += _size(said)
        if isinstance(said, Configure):
            self.listening = self.listening.changed(said)
        return said

    async def _wait(self) -> None:
        self._changed.clear()
        await self._changed.wait()


def _size(said: bytes | Command) -> int:
    return len(said) if isinstance(said, bytes) else 0
