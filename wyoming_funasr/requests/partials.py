"""Partial transcripts that are never taken back."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from wyoming.asr import Transcript, TranscriptChunk, TranscriptStart, TranscriptStop
from wyoming.event import Eventable

from wyoming_serving.errors import QueueFull

_WORDS = re.compile(r"\s*(?:[^\W\u2e80-\u9fff]+(?:['’][^\W\u2e80-\u9fff]+)*|\w|[^\w\s]+)")
"""A word with the space before it: letters and digits together, each Chinese character alone."""

_UNSURE_WORDS = 2
"""Words at the end of a hypothesis that the next sounds may still change."""


@dataclass(frozen=True)
class Hypothesis:
    """The text of the speech so far; `is_settled` where more speech can only add to it."""

    text: str
    is_settled: bool = False


class StableText:
    """What of a growing text was sent.

    A word is sent when two hypotheses in a row agree on it and on all before it, and it is not
    among the last ones (local agreement: Liu et al., 2020, arXiv:2005.11185); or at once, when the
    model itself takes nothing back.
    """

    def __init__(self) -> None:
        self._sent: list[str] = []
        self._before: list[str] = []

    def offer(self, hypothesis: Hypothesis) -> str:
        """Take the newest hypothesis of the whole text; returns what to send now."""
        words = split_words(hypothesis.text)
        agreed = _common(self._before, words)
        self._before = words
        sure = (
            len(words) if hypothesis.is_settled else max(0, min(agreed, len(words) - _UNSURE_WORDS))
        )
        stable = words[:sure]
        if stable[: len(self._sent)] != self._sent:
            return ""
        new = stable[len(self._sent) :]
        self._sent += new
        return "".join(new)

    def finish(self, final: str) -> tuple[str, str]:
        """The whole text and the part of it that was not sent.

        Where the final text begins otherwise than what was sent, it goes on from the place in it
        that is most like what was sent.
        """
        words = split_words(final)
        rest = "".join(words[_continuation(self._sent, words) :])
        return "".join(self._sent) + rest, rest


def split_words(text: str) -> list[str]:
    """The words of a text, in pieces that make it again when joined."""
    return _WORDS.findall(text)


def _common(one: list[str], other: list[str]) -> int:
    count = 0
    while count < min(len(one), len(other)) and one[count] == other[count]:
        count += 1
    return count


def _continuation(sent: list[str], words: list[str]) -> int:
    """How many `words` stand for those `sent`: the prefix with the least edit distance."""
    row = list(range(len(words) + 1))
    for count, word in enumerate(sent, start=1):
        diagonal, row[0] = row[0], count
        for i, other in enumerate(words, start=1):
            best = min(diagonal + (word.lower() != other.lower()), row[i] + 1, row[i - 1] + 1)
            diagonal, row[i] = row[i], best
    return row.index(min(row))


class PartialTranscripts:
    """Sends `transcript-start`, `-chunk` and `-stop` while a person speaks."""

    def __init__(
        self, send: Callable[[Eventable], Awaitable[None]], interval_ms: int, window_ms: int
    ) -> None:
        """A hypothesis begins every `interval_ms`, in the utterance's first `window_ms`.

        Where hypotheses are settled, and so cost what is new in them, they go on to the end.
        """
        self._send = send
        self._interval_ms = interval_ms
        self._window_ms = window_ms
        self._next_ms = interval_ms
        self._text = StableText()
        self._started = False
        self._settled = False
        self._hypothesis: asyncio.Task[None] | None = None

    def offer(self, position_ms: int, hypothesis: Callable[[], Awaitable[Hypothesis]]) -> None:
        """Ask for a hypothesis at this place in the audio, unless it is too early or too late.

        One at a time: when they take longer than the interval, there are fewer.
        """
        if self._hypothesis is not None and not self._hypothesis.done():
            return
        if self._next_ms <= position_ms and (self._settled or position_ms <= self._window_ms):
            self._next_ms = position_ms + self._interval_ms
            self._hypothesis = asyncio.create_task(self._take(hypothesis), name="partial")

    async def stop(self) -> None:
        """Drop the hypothesis under way."""
        if self._hypothesis is not None:
            self._hypothesis.cancel()
            await asyncio.gather(self._hypothesis, return_exceptions=True)

    async def finish(self, transcript: Transcript) -> None:
        """Send what is missing of the final text, the transcript, and the end.

        The transcript's text is that of the chunks joined.
        """
        await self.stop()
        transcript.text, rest = self._text.finish(transcript.text)
        await self._send_chunk(rest)
        await self._send(transcript)
        await self._send(TranscriptStop())

    async def _take(self, hypothesis: Callable[[], Awaitable[Hypothesis]]) -> None:
        try:
            newest = await hypothesis()
        except QueueFull:
            return  # the device has no time for hypotheses
        new = self._text.offer(newest)
        self._settled = newest.is_settled
        if new:
            await self._send_chunk(new)

    async def _send_chunk(self, text: str) -> None:
        if not self._started:
            self._started = True
            await self._send(TranscriptStart())
        if text:
            await self._send(TranscriptChunk(text=text))
