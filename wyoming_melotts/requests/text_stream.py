"""A text on its way in, given out sentence by sentence."""

import asyncio
from collections.abc import AsyncIterator
from enum import Enum, auto

from wyoming_melotts.delivery.sentences import SentenceCutter
from wyoming_serving.errors import ErrorCode, ServiceError


class TextState(Enum):
    """What has come of a text."""

    EMPTY = auto()
    ARRIVING = auto()
    ENDED = auto()


class TextStream:
    """Collects a text as it arrives; iterating over it yields each sentence once it is complete.

    Taking in a part costs no more than keeping it: whoever iterates cuts.
    """

    def __init__(self, max_length: int) -> None:
        self.state = TextState.EMPTY
        self._max_length = max_length
        self._length = 0
        self._repeated = ""
        self._parts: list[str] = []
        self._changed = asyncio.Event()
        self._cutter = SentenceCutter()

    def push(self, text: str) -> None:
        """Take the next part of the text.

        Raises:
            ServiceError: code `text-too-long`.
        """
        self._length += len(text)
        self._check(self._length)
        if text:
            self.state = TextState.ARRIVING
            self._parts.append(text)
            self._changed.set()

    def repeat_whole(self, text: str) -> None:
        """Take the whole text, which clients repeat for servers that do not stream.

        Raises:
            ServiceError: code `text-too-long`.
        """
        self._check(len(text))
        self._repeated = text

    def end(self) -> None:
        """Take the end; where no part came, the text that was repeated whole counts."""
        if self.state is TextState.EMPTY and self._repeated:
            self.push(self._repeated)
        self.state = TextState.ENDED
        self._changed.set()

    async def __aiter__(self) -> AsyncIterator[str]:
        while self._parts or self.state is not TextState.ENDED:
            if not self._parts:
                await self._changed.wait()
                self._changed.clear()
                continue
            text = "".join(self._parts)
            self._parts.clear()
            for sentence in self._cutter.push(text):
                yield sentence
        for sentence in self._cutter.finish():
            yield sentence

    def _check(self, length: int) -> None:
        if length > self._max_length:
            raise ServiceError(
                ErrorCode.TEXT_TOO_LONG, f"a text may have {self._max_length} characters at most"
            )


def whole_text(text: str, max_length: int) -> TextStream:
    """A text that came whole.

    Raises:
        ServiceError: code `text-too-long`.
    """
    stream = TextStream(max_length)
    stream.push(text)
    stream.end()
    return stream
