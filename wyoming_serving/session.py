"""One connection: events in, events out, and no fault that leaves it."""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from functools import partial
from typing import Any, Protocol

from wyoming.error import Error
from wyoming.event import Event, Eventable, async_write_event
from wyoming.info import Describe
from wyoming.ping import Ping, Pong

from wyoming_serving.errors import ErrorCode, InvalidEvent, ServiceError
from wyoming_serving.events import read_event

_LOGGER = logging.getLogger(__name__)

LINGER_SECONDS = 2.0
"""After an error, how long the client's unread bytes are drained before the socket closes.

Closing a socket that holds unread bytes resets it, and the reset overtakes the error event.
"""


@dataclass(frozen=True)
class SessionLimits:
    """What one client may ask of the server."""

    max_payload_bytes: int
    idle_seconds: float


class SessionState(Enum):
    """Where a connection is in its life; it moves downward only."""

    SERVING = auto()
    """Events are read and answered."""
    DRAINING = auto()
    """It closes as soon as no request is being received or answered."""
    FAILED = auto()
    """An error was sent: nothing more is handled, the client may still read."""
    CLOSED = auto()


class RequestOutcome(StrEnum):
    """How a request ended that did not fail; one that failed is counted under its error's code."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    """Its client left, or began another request in its place: nobody waits for an answer."""


Work = Coroutine[Any, Any, RequestOutcome | None]
"""The work of one request; returning None means that it was answered."""


class Client(Protocol):
    """The other end of a connection, as a handler sees it."""

    async def send(self, event: Eventable) -> None:
        """Send one event; waits while the client reads slowly.

        Raises:
            ConnectionError: the client left.
        """

    async def answer(self, work: Work) -> None:
        """Run `work` while further events are read, after the answer before it has ended.

        `work` sends its answer itself and returns how it ended, which is counted: None is
        `RequestOutcome.ANSWERED`; it returns `ABANDONED` where its client no longer wants an
        answer. It is cancelled, and counted as abandoned, when the client leaves. A `ServiceError`
        in it is sent to the client, after which the connection closes.
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

    async def describe(self) -> Eventable:
        """Returns what the service offers."""

    def count_request(self, outcome: RequestOutcome | ErrorCode) -> None:
        """Count a request that has ended."""


class Session:
    """Reads one client's events, hands them to its handler, and owns the work it started."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        host: SessionHost,
        limits: SessionLimits,
        *,
        answer_after_eof: bool = False,
    ) -> None:
        """`answer_after_eof`: the end of input is not the client's leaving (standard input)."""
        self._reader = reader
        self._writer = writer
        self._host = host
        self._limits = limits
        self._answer_after_eof = answer_after_eof
        self._answer: asyncio.Task[None] | None = None
        self._sending = asyncio.Lock()
        self._lingering: asyncio.TimerHandle | None = None
        self._state = SessionState.SERVING
        self._handler = host.handler(self)

    @property
    def state(self) -> SessionState:
        """Where the connection is in its life."""
        return self._state

    @property
    def busy(self) -> bool:
        """Whether a request is being received or answered."""
        return self._handler.in_request or not (self._answer is None or self._answer.done())

    def drain(self) -> None:
        """Leave as soon as no request is being received or answered."""
        if self._state is SessionState.SERVING:
            self._state = SessionState.DRAINING
        self._leave_if_drained()

    async def run(self) -> None:
        """Serve the client until it leaves, fails or is idle too long."""
        try:
            await self._read_until_end()
        except ServiceError as error:
            await self._fail(error)
        except (ConnectionError, TimeoutError) as error:
            _LOGGER.debug("connection ended: %r", error)
        except Exception:
            _LOGGER.exception("a client's event failed")
            await self._fail(_internal_error())
        finally:
            await self._close()

    async def send(self, event: Eventable) -> None:
        """See `Client.send`."""
        async with self._sending:
            await async_write_event(event.event(), self._writer)

    async def answer(self, work: Work) -> None:
        """See `Client.answer`."""
        try:
            if self._answer is not None:
                await asyncio.shield(self._answer)
        except asyncio.CancelledError:
            work.close()
            raise
        if self._has_failed():  # the answer before it, and the connection with it
            work.close()
            return
        self._answer = asyncio.create_task(self._guard(work), name="answer")
        self._answer.add_done_callback(partial(self._after_answer, work))

    def _after_answer(self, work: Work, _: asyncio.Task[None]) -> None:
        # a task that is cancelled before its first step never awaits its work
        work.close()
        self._leave_if_drained()

    def _leave_if_drained(self) -> None:
        if self._state is SessionState.DRAINING and not self.busy:
            self._reader.feed_eof()

    async def _read_until_end(self) -> None:
        while not self._has_failed():
            async with asyncio.timeout(self._limits.idle_seconds):
                event = await read_event(self._reader, self._limits.max_payload_bytes)
            if event is None:
                break
            if not self._has_failed():  # the answer may have, while this read waited
                await self._dispatch(event)
            self._leave_if_drained()
        if self._answer_after_eof and self._answer is not None and not self._handler.in_request:
            await self._answer

    def _has_failed(self) -> bool:
        return self._state is SessionState.FAILED

    async def _dispatch(self, event: Event) -> None:
        if Describe.is_type(event.type):
            await self.send(await self._host.describe())
        elif Ping.is_type(event.type):
            await self.send(Pong(text=str(event.data.get("text") or "")))
        else:
            await self._handler.handle(event)

    async def _guard(self, work: Work) -> None:
        try:
            outcome = await work
            self._host.count_request(outcome or RequestOutcome.ANSWERED)
        except ServiceError as error:
            await self._fail(error)
        except asyncio.CancelledError:
            self._host.count_request(RequestOutcome.ABANDONED)
            raise
        except ConnectionError as error:
            self._host.count_request(RequestOutcome.ABANDONED)
            _LOGGER.debug("client left during its answer: %r", error)
        except Exception:
            _LOGGER.exception("a request failed")
            await self._fail(_internal_error())

    async def _fail(self, error: ServiceError) -> None:
        """Send the error and end the sending side, so that the client reads both."""
        _LOGGER.log(
            logging.DEBUG if isinstance(error, InvalidEvent) else logging.WARNING,
            "request refused (%s): %s",
            error.code,
            error.text,
        )
        self._host.count_request(error.code)
        self._state = SessionState.FAILED
        with contextlib.suppress(ConnectionError, OSError):
            for event in (Error(text=error.text, code=error.code), *error.then):
                await self.send(event)
            if self._writer.can_write_eof():
                self._writer.write_eof()
        if self._lingering is None:
            # ends a read that waits for a client which neither sends nor leaves
            loop = asyncio.get_running_loop()
            self._lingering = loop.call_later(LINGER_SECONDS, self._reader.feed_eof)

    async def _close(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.cancel()
            await asyncio.gather(self._answer, return_exceptions=True)
        with contextlib.suppress(TimeoutError, ConnectionError, OSError):
            if self._has_failed():
                async with asyncio.timeout(LINGER_SECONDS):
                    while await self._reader.read(1 << 16):
                        pass
        if self._lingering is not None:
            self._lingering.cancel()
        self._state = SessionState.CLOSED
        self._writer.close()
        with contextlib.suppress(ConnectionError, OSError):
            await self._writer.wait_closed()


def _internal_error() -> ServiceError:
    return ServiceError(ErrorCode.INTERNAL_ERROR, "the service failed; see its log")
