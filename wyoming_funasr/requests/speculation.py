"""Recognizing an utterance ahead, in a pause: the answer is there if no speech follows."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum

from wyoming_funasr.recognition.recognizer import RecognitionRequest
from wyoming_funasr.recognition.types import Recognition
from wyoming_serving.errors import QueueFull

Recognize = Callable[[RecognitionRequest], Awaitable[Recognition]]


class SpeculationOutcome(StrEnum):
    """What became of a recognition begun ahead."""

    USED = "used"
    WASTED = "wasted"


class Speculation:
    """The latest recognition of an utterance, known by the revision of its speech.

    The same revision means the same speech, so that a recognition counts for it however much
    silence followed. One recognition at a time: another revision takes the place of the one before.
    """

    def __init__(
        self,
        recognize: Recognize,
        count: Callable[[SpeculationOutcome], None],
        found: Callable[[Recognition], Awaitable[None]] | None = None,
    ) -> None:
        """`found` is told what was recognized ahead, before anybody can take it for the answer."""
        self._recognize = recognize
        self._count = count
        self._found = found
        self._revision: int | None = None
        self._is_ahead = False
        self._recognition: asyncio.Task[Recognition] | None = None

    def heard(self, revision: int) -> Recognition | None:
        """The recognition of this speech; None while it is not done."""
        task = self._recognition
        if revision != self._revision or task is None or not task.done():
            return None
        if task.cancelled() or task.exception() is not None:
            return None
        return task.result()

    async def begin(self, revision: int, request: RecognitionRequest) -> bool:
        """Recognize this speech ahead; returns False where that was begun already."""
        if revision == self._revision:
            return False
        await self._start(revision, request, is_ahead=True)
        return True

    async def finish(self, revision: int, request: RecognitionRequest) -> Recognition:
        """Recognize this speech now, or take what was begun ahead.

        Raises:
            QueueFull: there is no room for it.
        """
        if revision == self._revision and self._recognition is not None:
            try:
                return await self._recognition
            except QueueFull:
                pass  # that was then; there may be room now
        return await (await self._start(revision, request, is_ahead=False))

    def take(self) -> None:
        """The latest recognition is the answer."""
        if self._is_ahead:
            self._count(SpeculationOutcome.USED)
            self._is_ahead = False

    async def drop_other_than(self, revision: int) -> None:
        """Drop a recognition of other speech: more has been said since."""
        if revision != self._revision:
            await self.drop()

    async def drop(self) -> None:
        """Drop the recognition, whether it is done or under way."""
        if self._is_ahead:
            self._count(SpeculationOutcome.WASTED)
        dropped, self._recognition = self._recognition, None
        self._revision, self._is_ahead = None, False
        if dropped is not None:
            dropped.cancel()
            await asyncio.gather(dropped, return_exceptions=True)

    async def _start(
        self, revision: int, request: RecognitionRequest, *, is_ahead: bool
    ) -> asyncio.Task[Recognition]:
        await self.drop()
        work = self._recognize_ahead(request) if is_ahead else self._recognize(request)
        task = asyncio.ensure_future(work)
        self._revision, self._is_ahead, self._recognition = revision, is_ahead, task
        return task

    async def _recognize_ahead(self, request: RecognitionRequest) -> Recognition:
        recognition = await self._recognize(request)
        if self._found is not None:
            await self._found(recognition)
        return recognition
