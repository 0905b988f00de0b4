"""Hypotheses of an utterance while a person speaks, and what is reported of them."""

import asyncio
from collections.abc import Awaitable, Callable

from wyoming_funasr.requests.events import Partial
from wyoming_funasr.requests.stable_text import Hypothesis, StableText
from wyoming_serving.errors import QueueFull


class Partials:
    """Reports the text so far, from time to time."""

    def __init__(
        self, report: Callable[[Partial], Awaitable[None]], interval_ms: int, window_ms: int
    ) -> None:
        """A hypothesis begins every `interval_ms`, in the utterance's first `window_ms`.

        Where hypotheses are settled, and so cost what is new in them, they go on to the end.
        """
        self._report = report
        self._interval_ms = interval_ms
        self._window_ms = window_ms
        self._next_ms = interval_ms
        self._text = StableText()
        self._reported = ("", "")
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

    async def _take(self, hypothesis: Callable[[], Awaitable[Hypothesis]]) -> None:
        try:
            newest = await hypothesis()
        except QueueFull:
            return  # the device has no time for hypotheses
        self._text.offer(newest)
        self._settled = newest.is_settled
        found = (self._text.stable, self._text.rest)
        if found != self._reported:
            self._reported = found
            await self._report(Partial(*found, newest.confidence))
