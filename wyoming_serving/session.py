"""One client: events in, events out, and no fault that leaves it."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from enum import Enum, StrEnum, auto
from functools import partial
from typing import Any, Protocol

from wyoming.error import Error
from wyoming.event import Event, Eventable
from wyoming.info import Describe, Info, SelectProgram
from wyoming.ping import Ping, Pong

from wyoming_serving.errors import ErrorCode, InvalidEvent, ServiceError
from wyoming_serving.excerpts import excerpt, shortened
from wyoming_serving.health import Health
from wyoming_serving.network.connection import Connection
from wyoming_serving.reports import RequestReport
from wyoming_serving.tracing import spans

_LOGGER = logging.getLogger(__name__)

_MAX_ERROR_CHARACTERS = 500
"""Of an error's text, which may quote the client; more is neither logged nor sent."""

STOP_SECONDS = 0.2
"""How long a client whose request is cut off by the service's end may take to be told so."""


class SessionState(Enum):
    """Where a connection is in its life; it moves downward only."""

    SERVING = auto()
    """Events are read and answered."""
    DRAINING = auto()
    """It ends as soon as no request is being received or answered."""
    FAILED = auto()
    """An error was sent: nothing more is handled, the client may still read."""
    CLOSING = auto()
    """Nothing more is read or sent, but the client may still take what was sent."""
    CLOSED = auto()


class RequestOutcome(StrEnum):
    """How a request ended that did not fail; one that failed is counted under its error's code."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    """Its client left, or began another request in its place: nobody waits for an answer."""


Work = Coroutine[Any, Any, RequestOutcome | None]
"""The work of one request; returning None means that it was answered."""

Closing = Callable[[], Sequence[Eventable]]
"""Returns the events that a client still waits for when the work of its request fails."""


def nothing_to_close() -> Sequence[Eventable]:
    """Returns no events."""
    return ()


class Client(Protocol):
    """The other end of a connection, as a handler sees it."""

    @property
    def peer(self) -> str:
        """Where the client is: its address and port."""

    @property
    def program(self) -> str | None:
        """Name of the program that the client selected, None where it takes the first."""

    async def send(self, event: Eventable) -> None:
        """Send one event; waits while the client reads slowly.

        Raises:
            ConnectionError: the client left, or did not take the event in time.
        """

    async def answer(
        self, work: Work, report: RequestReport | None = None, closing: Closing = nothing_to_close
    ) -> None:
        """Run `work` while further events are read, after the answer before it has ended.

        `work` sends its answer itself and returns how it ended, which is counted: None is
        `RequestOutcome.ANSWERED`; it returns `ABANDONED` where its client no longer wants an
        answer. It is cancelled, and counted as abandoned, when the client leaves. What fails in it
        is sent to the client as an error, and behind it the events of `closing`, after which the
        connection closes. However it ends, `report`, which `work` fills as it goes, is logged.
        """


class Handler(Protocol):
    """What a service does with the events of one connection."""

    async def handle(self, event: Event) -> None:
        """Take one event. Long work goes to `Client.answer`, so that reading goes on.

        Raises:
            ServiceError: sent to the client, after which the connection closes.
        """

    @property
    def in_request(self) -> bool:
        """Whether the client is in the middle of a request."""


class SessionHost(Protocol):
    """What a session needs of its service."""

    def handler(self, client: Client) -> Handler:
        """Returns the handler of a new connection."""

    def info(self) -> Info:
        """Returns what the service offers, as far as it is known now."""

    async def describe(self) -> Info:
        """Returns the answer to a `describe`."""

    def count_request(self, outcome: RequestOutcome | ErrorCode) -> None:
        """Count what ended before it was a request: a wrong event, a refused connection."""

    def request_ended(self, client: str, report: RequestReport) -> None:
        """Log and count a request of a client, named by its address."""

    def health(self) -> Health:
        """Returns whether a request would be answered now, and why not."""


class Session:
    """Reads one client's events, hands them to its handler, and owns the work it started."""

    def __init__(self, connection: Connection, host: SessionHost) -> None:
        self._connection = connection
        self._host = host
        self._answer: asyncio.Task[None] | None = None
        self._state = SessionState.SERVING
        self._program: str | None = None
        self._next_event: asyncio.Timeout | None = None
        """The limit of the wait for an event, while there is such a wait."""
        self._handler = host.handler(self)

    @property
    def state(self) -> SessionState:
        """Where the connection is in its life."""
        return self._state

    @property
    def peer(self) -> str:
        """See `Client.peer`."""
        return self._connection.peer

    @property
    def program(self) -> str | None:
        """See `Client.program`."""
        return self._program

    @property
    def is_open(self) -> bool:
        """Whether further requests may come, or one is under way."""
        return self._state in (SessionState.SERVING, SessionState.DRAINING)

    @property
    def busy(self) -> bool:
        """Whether a request is being received or answered."""
        return self._handler.in_request or self._answering

    @property
    def _answering(self) -> bool:
        return self._answer is not None and not self._answer.done()

    def drain(self) -> None:
        """Leave as soon as no request is being received or answered."""
        if self._state is SessionState.SERVING:
            self._state = SessionState.DRAINING
        self._limit_wait()

    async def run(self) -> None:
        """Serve the client until it leaves, fails, is idle too long or is drained."""
        try:
            await self._read_until_end()
        except ServiceError as error:
            await self._fail(error)
        except ConnectionError as error:
            _LOGGER.debug("%s: connection ended: %s", self._connection.peer, error)
        except asyncio.CancelledError:
            await self._stop()
            raise
        except Exception:
            _LOGGER.exception("a client's event failed")
            await self._fail(_internal_error())
        await self._close()

    async def send(self, event: Eventable) -> None:
        """See `Client.send`."""
        await self._connection.send(event)

    async def answer(
        self, work: Work, report: RequestReport | None = None, closing: Closing = nothing_to_close
    ) -> None:
        """See `Client.answer`."""
        try:
            if self._answer is not None:
                await asyncio.shield(self._answer)
        except asyncio.CancelledError:
            work.close()
            raise
        if not self.is_open:  # the answer before it failed, and the connection with it
            work.close()
            return
        self._answer = asyncio.create_task(
            self._guard(work, report or RequestReport(), closing), name="answer"
        )
        self._answer.add_done_callback(partial(self._after_answer, work))

    def _after_answer(self, work: Work, _: asyncio.Task[None]) -> None:
        # a task that is cancelled before its first step never awaits its work
        work.close()
        self._limit_wait()

    async def _read_until_end(self) -> None:
        while self.is_open:
            event = await self._wait_for_event()
            if event is None:
                break
            if self.is_open:  # the answer may have failed while this read waited
                await self._dispatch(event)
            # events that are there already are read without waiting: others want a turn, too
            await asyncio.sleep(0)
        if self._connection.answer_after_eof and self._answer and not self._handler.in_request:
            await self._answer

    async def _wait_for_event(self) -> Event | None:
        """Returns the next event, None where there is none to wait for.

        Raises:
            ServiceError: `request-timeout`, a request was begun and nothing more came.
        """
        try:
            async with asyncio.timeout(None) as self._next_event:
                self._limit_wait()
                return await self._connection.read()
        except TimeoutError:
            idle_seconds = self._connection.limits.idle_seconds
            if self._state is SessionState.SERVING and self._handler.in_request:
                raise ServiceError(
                    ErrorCode.REQUEST_TIMEOUT,
                    f"nothing came of the rest of the request for {idle_seconds:g} s",
                ) from None
            if self._state is SessionState.SERVING:
                _LOGGER.info("%s: closed after %g s idle", self._connection.peer, idle_seconds)
            return None
        finally:
            self._next_event = None

    def _limit_wait(self) -> None:
        """Decide how long the wait for an event that is under way may last."""
        if self._next_event is None or self._next_event.expired():
            return
        now = asyncio.get_running_loop().time()
        if not self.is_open or (self._state is SessionState.DRAINING and not self.busy):
            self._next_event.reschedule(now)
        elif self._answering and not self._handler.in_request:
            self._next_event.reschedule(None)  # it is not the client's turn
        else:
            self._next_event.reschedule(now + self._connection.limits.idle_seconds)

    async def _dispatch(self, event: Event) -> None:
        if Describe.is_type(event.type):
            await self.send(await self._host.describe())
        elif Ping.is_type(event.type):
            await self.send(Pong(text=str(event.data.get("text") or "")))
        elif Health.is_type(event.type):
            await self.send(self._host.health())
        elif SelectProgram.is_type(event.type):
            self._select(event.data.get("name"))
        else:
            await self._handler.handle(event)

    def _select(self, name: object) -> None:
        info = self._host.info()
        names = [program.name for program in (*info.asr, *info.tts)]
        if not isinstance(name, str) or name not in names:
            raise ServiceError(
                ErrorCode.UNKNOWN_PROGRAM,
                f"there is no program {excerpt(name)}; allowed: {', '.join(names)}",
            )
        self._program = name

    async def _guard(self, work: Work, report: RequestReport, closing: Closing) -> None:
        with spans.request(report):
            await self._guarded(work, report, closing)

    async def _guarded(self, work: Work, report: RequestReport, closing: Closing) -> None:
        try:
            report.outcome = await work or RequestOutcome.ANSWERED
        except ServiceError as error:
            report.outcome, report.error = error.code, _shown(error)
            await self._send_error(error, closing())
        except asyncio.CancelledError:
            report.outcome = RequestOutcome.ABANDONED
            raise
        except ConnectionError as error:
            report.outcome = RequestOutcome.ABANDONED
            _LOGGER.debug("%s: left during its answer: %s", self._connection.peer, error)
        except Exception as failure:
            _LOGGER.exception("a request failed")
            report.outcome, report.error = ErrorCode.INTERNAL_ERROR, repr(failure)
            await self._send_error(_internal_error(), closing())
        finally:
            self._host.request_ended(self._connection.peer, report)

    async def _fail(self, error: ServiceError) -> None:
        """Refuse what is not part of a request that is being answered."""
        level = logging.DEBUG if isinstance(error, InvalidEvent) else logging.WARNING
        _LOGGER.log(level, "%s: refused (%s): %s", self._connection.peer, error.code, _shown(error))
        self._host.count_request(error.code)
        await self._send_error(error)

    async def _send_error(self, error: ServiceError, closing: Sequence[Eventable] = ()) -> None:
        """Send the error and the events behind it, after which nothing more is sent."""
        self._state = SessionState.FAILED
        await self._connection.send_last(Error(text=_shown(error), code=error.code), *closing)
        self._limit_wait()

    async def _close(self) -> None:
        failed = self._state is SessionState.FAILED
        self._state = SessionState.CLOSING
        await self._cancel_answer()
        if failed:
            await self._connection.drop_input()
        await self._connection.close()
        self._state = SessionState.CLOSED

    async def _stop(self) -> None:
        """End at once, as the service does; a client that waits for an answer is told."""
        was_busy = self.is_open and self.busy
        self._state = SessionState.CLOSING
        await self._cancel_answer()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                if was_busy:
                    stopping = Error(text="the service is stopping", code=ErrorCode.NOT_READY)
                    await self._connection.send_last(stopping)
                await self._connection.close()
        except TimeoutError:
            self._connection.abort()
        self._state = SessionState.CLOSED

    async def _cancel_answer(self) -> None:
        if self._answering:
            assert self._answer is not None
            self._answer.cancel()
            await asyncio.gather(self._answer, return_exceptions=True)


def _shown(error: ServiceError) -> str:
    return shortened(error.text, _MAX_ERROR_CHARACTERS)


def _internal_error() -> ServiceError:
    return ServiceError(ErrorCode.INTERNAL_ERROR, "the service failed; see its log")
