"""A text on its way in, given out sentence by sentence."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from enum import Enum, auto
from functools import partial

from wyoming_melotts.delivery.sentences import SentenceCutter, cut_sentences
from wyoming_melotts.requests.ssml import parse_ssml
from wyoming_melotts.requests.text import Pause, SpokenText, TextPart
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.scheduler import call_in_thread


class TextFormat(Enum):
    """How a text is written."""

    PLAIN = auto()
    SSML = auto()


class TextState(Enum):
    """What has come of a text."""

    EMPTY = auto()
    ARRIVING = auto()
    ENDED = auto()
    FAILED = auto()
    """Something was wrong with it; what comes of it still is ignored."""


class TextStream:
    """Collects a text as it arrives; iterating over it yields each sentence once it is complete.

    Taking in a part costs no more than keeping it: whoever iterates cuts. SSML is read when it is
    complete.
    """

    def __init__(self, max_length: int, text_format: TextFormat = TextFormat.PLAIN) -> None:
        self.state = TextState.EMPTY
        self._max_length = max_length
        self._format = text_format
        self._length = 0
        self._repeated = ""
        self._parts: list[str] = []
        self._error: ServiceError | None = None
        self._changed = asyncio.Event()

    def push(self, text: str) -> None:
        """Take the next part of the text.

        Raises:
            ServiceError: code `text-too-long`.
        """
        self._length += len(text)
        self._check(self._length)
        if text and self.state in (TextState.EMPTY, TextState.ARRIVING):
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
        if self.state is not TextState.FAILED:
            self.state = TextState.ENDED
        self._changed.set()

    def fail(self, error: ServiceError) -> None:
        """Make whoever iterates fail with `error`."""
        self.state = TextState.FAILED
        self._error = error
        self._changed.set()

    async def __aiter__(self) -> AsyncIterator[TextPart]:
        if self._format is TextFormat.SSML:
            document = "".join([part async for part in self._arriving()])
            for part in await call_in_thread(partial(parse_ssml, document), "ssml"):
                for sentence_or_pause in _sentences(part):
                    yield sentence_or_pause
            return
        cutter = SentenceCutter()
        async for text in self._arriving():
            for sentence in cutter.push(text):
                yield SpokenText(sentence)
        for sentence in cutter.finish():
            yield SpokenText(sentence)

    async def _arriving(self) -> AsyncIterator[str]:
        while self._error is None and (self._parts or self.state is not TextState.ENDED):
            if not self._parts:
                await self._changed.wait()
                self._changed.clear()
                continue
            text = "".join(self._parts)
            self._parts.clear()
            yield text
        if self._error is not None:
            raise self._error

    def _check(self, length: int) -> None:
        if length > self._max_length:
            raise ServiceError(
                ErrorCode.TEXT_TOO_LONG, f"a text may have {self._max_length} characters at most"
            )


def whole_text(text: str, max_length: int, text_format: TextFormat) -> TextStream:
    """A text that came whole.

    Raises:
        ServiceError: code `text-too-long`.
    """
    stream = TextStream(max_length, text_format)
    stream.push(text)
    stream.end()
    return stream


def _sentences(part: TextPart) -> Iterator[TextPart]:
    if isinstance(part, Pause):
        yield part
        return
    for sentence in cut_sentences(part.text):
        yield SpokenText(sentence, part.speed)
