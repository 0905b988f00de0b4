"""One connection: events in, events out, and no fault that leaves it."""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Protocol

from wyoming.error import Error
from wyoming.event import Event, Eventable, async_write_event
from wyoming.info import Describe
from wyoming.ping import Ping, Pong

from wyoming_serving.errors import InvalidEvent, ServiceError
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


class Handler(Protocol):
    """What a service does with the events of one connection."""

    async def handle(self, event: Event) -> None:
        """Take one event. Long work goes to `Session.answer`, so that reading goes on.

        Raises:
            ServiceError: sent to the client, after which the connection closes.
        """

    @property
    def in_request(self) -> bool:
        """Whether the client is in the middle of a request."""


class HandlerFactory(Protocol):
    """Makes the handler of a new connection, and says what the service offers."""

    def handler(self, session: "Session") -> Handler: ...

    def info(self) -> Eventable: ...

    def count_request(self, outcome: str) -> None: ...


class Session:
    """Reads one client's events, hands them to its handler, and owns the work it started."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        service: HandlerFactory,
        limits: SessionLimits,
        *,
        answer_after_eof: bool = False,
    ) -> None:
        """`answer_after_eof`: the end of input is not the client's leaving (standard input)."""
        self._reader = reader
        self._writer = writer
        self._service = service
        self._limits = limits
        self._answer_after_eof = answer_after_eof
        self._answer: asyncio.Task[None] | None = None
        self._sending = asyncio.Lock()
        self._failed = False
        self._draining = False
        self._handler = service.handler(self)

    @property
    def busy(self) -> bool:
        """Whether a request is being received or answered."""
        return self._handler.in_request or not (self._answer is None or self._answer.done())

    def drain(self) -> None:
        """Leave as soon as no request is being received or answered."""
        self._draining = True
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
            await self._fail(ServiceError("internal-error", "the service failed; see its log"))
        finally:
            await self._close()

    async def send(self, event: Eventable) -> None:
        """Send one event; waits while the client reads slowly."""
        async with self._sending:
            await async_write_event(event.event(), self._writer)

    async def answer(self, work: Coroutine[None, None, None]) -> None:
        """Run `work` beside the reading of further events, after the answer before it.

        It is cancelled when the client leaves; a failure in it is sent as an `error`.
        """
        if self._answer is not None:
            try:
                await asyncio.shield(self._answer)
            except asyncio.CancelledError:
                work.close()
                raise
        self._answer = asyncio.create_task(self._guard(work))
        # a task that is cancelled before its first step never gets to its work
        self._answer.add_done_callback(lambda _: work.close())
        self._answer.add_done_callback(lambda _: self._leave_if_drained())
        # a task cancelled before its first step never awaits its work
        self._answer.add_done_callback(lambda _: work.close())

    def _leave_if_drained(self) -> None:
        if self._draining and not self.busy:
            self._reader.feed_eof()

    async def _read_until_end(self) -> None:
        while not self._failed:
            async with asyncio.timeout(self._limits.idle_seconds):
                event = await read_event(self._reader, self._limits.max_payload_bytes)
            if event is None:
                break
            if not self._failed:
                await self._dispatch(event)
            self._leave_if_drained()
        if self._answer_after_eof and self._answer is not None and not self._handler.in_request:
            await self._answer

    async def _dispatch(self, event: Event) -> None:
        if Describe.is_type(event.type):
            await self.send(self._service.info())
        elif Ping.is_type(event.type):
            await self.send(Pong(text=str(event.data.get("text") or "")))
        else:
            await self._handler.handle(event)

    async def _guard(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
            self._service.count_request("answered")
        except ServiceError as error:
            await self._fail(error)
        except asyncio.CancelledError:
            self._service.count_request("abandoned")
            raise
        except ConnectionError as error:
            self._service.count_request("abandoned")
            _LOGGER.debug("client left during its answer: %r", error)
        except Exception:
            _LOGGER.exception("a request failed")
            await self._fail(ServiceError("internal-error", "the service failed; see its log"))

    async def _fail(self, error: ServiceError) -> None:
        """Send the error and end the sending side, so that the client reads both."""
        _LOGGER.log(
            logging.DEBUG if isinstance(error, InvalidEvent) else logging.WARNING,
            "request refused (%s): %s",
            error.code,
            error.text,
        )
        self._service.count_request(error.code)
        self._failed = True
        with contextlib.suppress(ConnectionError, OSError):
            await self.send(Error(text=error.text, code=error.code))
            if self._writer.can_write_eof():
                self._writer.write_eof()
        # ends a read that waits for a client which neither sends nor leaves
        asyncio.get_running_loop().call_later(LINGER_SECONDS, self._reader.feed_eof)

    async def _close(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.cancel()
            await asyncio.gather(self._answer, return_exceptions=True)
        with contextlib.suppress(TimeoutError, ConnectionError, OSError):
            if self._failed:
                async with asyncio.timeout(LINGER_SECONDS):
                    while await self._reader.read(1 << 16):
                        pass
        self._writer.close()
        with contextlib.suppress(ConnectionError, OSError):
            await self._writer.wait_closed()
