"""Many utterances in one stream of audio, as a voice agent listens; it knows no protocol."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from wyoming_funasr.audio.pcm import BLOCK_SECONDS
from wyoming_funasr.requests.endpointing import EndedBy
from wyoming_funasr.requests.events import (
    EventSink,
    Final,
    Preflight,
    SpeechEnded,
    SpeechStarted,
    UtteranceEvent,
)
from wyoming_funasr.requests.feed import AudioFeed
from wyoming_funasr.requests.options import RequestOptions
from wyoming_funasr.requests.utterance import Utterance
from wyoming_serving.audio import PcmFormat
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.reports import RequestReport
from wyoming_serving.session import RequestOutcome
from wyoming_serving.tracing import spans

MAX_WAITING_SECONDS = 5.0
"""Of audio that waits in a session; who sends faster than it is recognized has to wait as well."""

_MAX_WAITING_COUNT = 1000
"""Pieces of audio, and things said in between, that wait."""


@dataclass(frozen=True)
class Cancelled:
    """Nobody wants anything more of this utterance; there is no `Final`."""


@dataclass(frozen=True)
class Failed:
    """There is no answer to this utterance; the session goes on."""

    code: ErrorCode
    text: str


ListeningEvent = UtteranceEvent | Cancelled | Failed


class ListeningSink(Protocol):
    """Where the events of a session go."""

    async def take(self, utterance: int, event: ListeningEvent) -> None:
        """Take one event; the session waits meanwhile.

        Utterances count from 1, and the events of one end before those of the next begin. Times
        count from the session's first audio.

        Raises:
            ConnectionError: nobody is there any more to take it.
        """


BeginUtterance = Callable[[RequestOptions, AudioFeed, EventSink], Utterance]
"""Makes an utterance that is one of many in its feed."""


class ListeningSession:
    """Takes audio for as long as it comes, and reports what is said in it.

    `run` does the work, while another task calls the other methods. These take effect at their
    place in the audio, except `cancel`, which takes effect at once.
    """

    def __init__(
        self,
        begin: BeginUtterance,
        options: RequestOptions,
        sink: ListeningSink,
        ended: Callable[[RequestReport], None],
    ) -> None:
        """`ended` is told of each utterance of which something was reported."""
        self._begin = begin
        self._options = options
        self._model = options.model
        """Of the options given last."""
        self._sink = sink
        self._ended = ended
        self._feed = AudioFeed(MAX_WAITING_SECONDS)
        self._count = 0
        self._current: _Current | None = None

    async def accept(self, pcm: PcmFormat, data: bytes) -> None:
        """Take the next audio, split anywhere; waits for room."""
        step = round(BLOCK_SECONDS * pcm.rate_hz) * pcm.frame_bytes
        for at in range(0, len(data), step):
            await self._wait_for_room()
            self._feed.put(pcm, data[at : at + step])

    async def configure(self, options: RequestOptions) -> None:
        """From here on these options hold, also for what is being said.

        Another model cannot go on with it: it hears the next utterance, which begins here.
        """
        await self._wait_for_room()
        if options.model is not self._model:
            self._feed.end(EndedBy.MODEL)
        self._model = options.model
        self._feed.configure(options)

    async def flush(self) -> None:
        """The utterance ends here, and is answered whether or not something was said."""
        await self._wait_for_room()
        self._feed.end(EndedBy.FLUSH)

    async def cancel(self) -> None:
        """Report nothing more of the audio so far; what comes next is another utterance."""
        self._feed.drop()
        current = self._current
        if current is not None:
            await current.cancel()
        number = current.sink.number if current is not None else None
        await self._sink.take(number or self._next_number(), Cancelled())

    def close(self) -> None:
        """No audio follows: `run` answers what was said, and ends."""
        self._feed.close()

    async def run(self) -> None:
        """Follow one utterance after the other.

        Raises:
            ConnectionError: the sink's.
        """
        while await self._feed.wait():
            await self._follow_one()

    async def _wait_for_room(self) -> None:
        await self._feed.wait_for_room(MAX_WAITING_SECONDS - BLOCK_SECONDS, _MAX_WAITING_COUNT)

    async def _follow_one(self) -> None:
        sink = _Numbered(self._sink, self._next_number, self._feed.position_ms)
        utterance = self._begin(self._options, self._feed, sink)
        with spans.request(utterance.report):
            await self._follow_utterance(utterance, sink)

    async def _follow_utterance(self, utterance: Utterance, sink: "_Numbered") -> None:
        task = asyncio.create_task(utterance.run(), name="utterance")
        self._current = _Current(utterance, sink, task)
        utterance.report.outcome = RequestOutcome.ABANDONED
        try:
            await asyncio.wait({task})
            if not task.cancelled():
                await self._conclude(utterance, sink, task)
        finally:
            self._current = None
            self._options = utterance.options
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            if sink.number is not None:
                self._ended(utterance.report)

    async def _conclude(
        self, utterance: Utterance, sink: "_Numbered", task: asyncio.Task[RequestOutcome]
    ) -> None:
        report = utterance.report
        try:
            report.outcome = task.result()
        except ServiceError as error:
            report.outcome, report.error = error.code, error.text
            self._feed.drop()
            await sink.take(Failed(error.code, error.text))
        except ConnectionError:
            raise
        except Exception as failure:
            report.outcome, report.error = ErrorCode.INTERNAL_ERROR, repr(failure)
            raise

    def _next_number(self) -> int:
        self._count += 1
        return self._count


class _Numbered:
    """The sink of one utterance; it gets its number with the first event."""

    def __init__(self, sink: ListeningSink, next_number: Callable[[], int], start_ms: int) -> None:
        """`start_ms`: where in the session's audio that of the utterance begins."""
        self._sink = sink
        self._next_number = next_number
        self._start_ms = start_ms
        self.number: int | None = None

    async def take(self, event: ListeningEvent) -> None:
        if self.number is None:
            self.number = self._next_number()
        await self._sink.take(self.number, _shifted(event, self._start_ms))


@dataclass(frozen=True)
class _Current:
    """The utterance under way."""

    utterance: Utterance
    sink: _Numbered
    task: asyncio.Task[RequestOutcome]

    async def cancel(self) -> None:
        """End it; it reports nothing more."""
        self.utterance.abandon()
        self.task.cancel()
        await asyncio.wait({self.task})


def _shifted(event: ListeningEvent, by_ms: int) -> ListeningEvent:
    """The event with times of the session in place of its utterance's."""
    match event:
        case SpeechStarted():
            return SpeechStarted(event.at_ms + by_ms)
        case SpeechEnded():
            return SpeechEnded(event.at_ms + by_ms)
        case Preflight():
            return replace(event, recognition=event.recognition.shifted(by_ms))
        case Final():
            return replace(
                event,
                recognition=event.recognition.shifted(by_ms),
                audio_start_ms=event.audio_start_ms + by_ms,
                speech_start_ms=_plus(event.speech_start_ms, by_ms),
                speech_end_ms=_plus(event.speech_end_ms, by_ms),
            )
        case _:
            return event


def _plus(time_ms: int | None, by_ms: int) -> int | None:
    return None if time_ms is None else time_ms + by_ms
