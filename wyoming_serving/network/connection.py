"""The two directions of one client's connection: every wait has a limit, and so has its end."""

import asyncio
import contextlib
import logging
from dataclasses import dataclass

from wyoming.event import Event, Eventable, async_write_event

from wyoming_serving.events import EventLimits, read_event

_LOGGER = logging.getLogger(__name__)

QUIET_SECONDS = 2.0
"""How long a client that was sent an error must be silent before its connection closes."""


@dataclass(frozen=True)
class ConnectionLimits:
    """What one client may ask of the server."""

    event: EventLimits
    idle_seconds: float
    """How long the service waits for an event that it is the client's turn to send."""
    send_seconds: float
    """How long the client may take for what was sent."""


class Connection:
    """Sends and receives events, and ends in an order in which the client reads all of it."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        limits: ConnectionLimits,
        *,
        answer_after_eof: bool = False,
    ) -> None:
        """`answer_after_eof`: the end of input is not the client's leaving (standard input)."""
        self.limits = limits
        self.answer_after_eof = answer_after_eof
        self._reader = reader
        self._writer = writer
        self._sending = asyncio.Lock()
        self._has_sent_last = False

    @property
    def peer(self) -> str:
        """Where the client is, for the log."""
        address = self._writer.get_extra_info("peername")
        return f"{address[0]}:{address[1]}" if isinstance(address, tuple) else "local client"

    async def read(self) -> Event | None:
        """Returns the next event, or None at the end of what the client sends.

        Raises:
            InvalidEvent: what arrived is not a Wyoming event, or is larger than allowed.
            ConnectionError: the client left.
        """
        try:
            return await read_event(self._reader, self.limits.event)
        except OSError as error:
            raise ConnectionAbortedError(str(error)) from error

    async def send(self, event: Eventable) -> None:
        """Send one event; waits while the client reads slowly.

        Raises:
            ConnectionError: the client left, did not take it in time and was dropped, or was sent
                the last event already.
        """
        async with self._sending:
            if self._has_sent_last:
                raise ConnectionAbortedError("the last event was sent")
            if self._writer.is_closing():  # asyncio's `writelines` fails on it before 3.13.6
                raise ConnectionAbortedError("the client left")
            try:
                async with asyncio.timeout(self.limits.send_seconds):
                    await async_write_event(event.event(), self._writer)
            except TimeoutError:
                self.abort()
                seconds = self.limits.send_seconds
                _LOGGER.info("%s: dropped, it does not read: %g s", self.peer, seconds)
                raise ConnectionAbortedError("the client does not read") from None
            except OSError as error:
                raise ConnectionAbortedError(str(error)) from error

    async def send_last(self, *events: Eventable) -> None:
        """Send the last events and end this direction, so that the client reads them all."""
        with contextlib.suppress(OSError):
            for event in events:
                await self.send(event)
            self._has_sent_last = True
            if self._writer.can_write_eof():
                self._writer.write_eof()

    async def drop_input(self) -> None:
        """Read what the client still sends until it has left or is silent.

        Closing a socket that holds unread bytes resets it, and the reset overtakes the last event.
        """
        with contextlib.suppress(OSError):  # a TimeoutError is one
            async with asyncio.timeout(self.limits.send_seconds):
                while await asyncio.wait_for(self._reader.read(1 << 16), QUIET_SECONDS):
                    pass

    async def close(self) -> None:
        """Close when the client has taken what was sent, or without that after `send_seconds`."""
        try:
            async with asyncio.timeout(self.limits.send_seconds):
                self._writer.close()
                await self._writer.wait_closed()
        except (TimeoutError, asyncio.CancelledError) as error:
            self.abort()
            if isinstance(error, asyncio.CancelledError):
                raise
        except OSError:
            pass  # it is closed already

    def abort(self) -> None:
        """Hang up; what was not sent yet is lost."""
        self._writer.transport.abort()
