"""One WebSocket of the API: every wait has a limit, and so has what a client can make us keep."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import Enum, auto

from aiohttp import WSCloseCode, WSMsgType, web

from wyoming_serving.client_json import parse_object
from wyoming_serving.errors import ErrorCode, InvalidRequest, ServiceError
from wyoming_serving.http.access import BEARER_PROTOCOL, offered_protocols
from wyoming_serving.http.api import API, peer
from wyoming_serving.http.errors import close_code, error_object, internal_error
from wyoming_serving.http.heartbeat import heartbeat
from wyoming_serving.http.limits import HttpLimits
from wyoming_serving.reports import RequestReport
from wyoming_serving.session import STOP_SECONDS

_LOGGER = logging.getLogger(__name__)

MAX_MESSAGE_BYTES = 1 << 20
_CLOSE_SECONDS = 2.0
"""For the client to confirm the end."""


class Turn(Enum):
    """Who is to act next in a conversation."""

    NOBODY = auto()
    """No request is under way: a client may be silent for `idle_seconds`, the service may end."""
    CLIENT = auto()
    """The client is in the middle of a request: it may be silent for `idle_seconds`."""
    SERVER = auto()
    """A request is being answered: the client may be silent."""


ErrorMessage = Callable[[ServiceError], Mapping[str, object]]
"""Returns the message that tells a client of an error, in the words of its protocol."""


def error_message(error: ServiceError) -> Mapping[str, object]:
    """Returns the message of a protocol of our own."""
    return {"type": "error", "error": error_object(error)}


class WebSocket:
    """Messages in and out, for one handler."""

    def __init__(
        self,
        request: web.Request,
        socket: web.WebSocketResponse,
        describe_error: ErrorMessage = error_message,
    ) -> None:
        self._describe_error = describe_error
        self._turn = Turn.NOBODY
        self._request = request
        self._socket = socket
        self._limits: HttpLimits = request.app[API].limits
        self._is_draining = False
        self._next_message: asyncio.Timeout | None = None
        self._sending = asyncio.Lock()

    @property
    def peer(self) -> str:
        """Where the client is, for the log."""
        return peer(self._request)

    def reported(self, report: RequestReport) -> AbstractContextManager[None]:
        """Log and count what is done in the block as one request: see `Api.reported`."""
        return self._request.app[API].reported(self._request, report)

    @property
    def turn(self) -> Turn:
        """Who is to act next; the handler says so, as it alone knows what a request is."""
        return self._turn

    @turn.setter
    def turn(self, turn: Turn) -> None:
        self._turn = turn
        self._limit_wait()

    def drain(self) -> None:
        """End as soon as no request is under way: `receive` returns None then."""
        self._is_draining = True
        self._limit_wait()

    async def receive(self) -> str | bytes | None:
        """Returns the next message, None at the end: the client left, or the service ends.

        Raises:
            ServiceError: `request-timeout`, none came for `idle_seconds`; `body-too-large`.
        """
        if self._is_ending:
            return None
        try:
            async with asyncio.timeout(None) as self._next_message:
                self._limit_wait()
                message = await self._socket.receive()
        except TimeoutError:
            if self._is_ending:
                return None
            raise ServiceError(
                ErrorCode.REQUEST_TIMEOUT, f"no message came for {self._limits.idle_seconds:g} s"
            ) from None
        finally:
            self._next_message = None
        if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            data: str | bytes = message.data
            return data
        if self._socket.close_code == WSCloseCode.MESSAGE_TOO_BIG:
            raise ServiceError(ErrorCode.BODY_TOO_LARGE, "a message is too long")
        return None

    async def receive_json(self) -> dict[str, object] | None:
        """Returns the next message, which must be a JSON object; see `receive`.

        Raises:
            ServiceError: also `invalid-request`.
        """
        message = await self.receive()
        return None if message is None else parse_message(message)

    async def send(self, message: Mapping[str, object] | str | bytes) -> None:
        """Send a message, a mapping as JSON; waits while the client reads slowly.

        Raises:
            ConnectionError: the client left, or did not take it in time and was dropped.
        """
        try:
            async with self._sending, asyncio.timeout(self._limits.send_seconds):
                if isinstance(message, bytes):
                    await self._socket.send_bytes(message)
                    return
                if not isinstance(message, str):
                    message = json.dumps(message, ensure_ascii=False)
                await self._socket.send_str(message)
        except TimeoutError:
            self._abort()
            seconds = self._limits.send_seconds
            _LOGGER.info("%s: dropped, it does not read: %g s", self.peer, seconds)
            raise ConnectionAbortedError("the client does not read") from None

    async def send_error(self, error: ServiceError, **fields: object) -> None:
        """Send an error after which the conversation may go on; `fields` stand beside it."""
        await self.send({**self._describe_error(error), **fields})

    async def fail(self, error: ServiceError) -> None:
        """Send an error and close."""
        await self.send_error(error)
        await self._close(close_code(error.code))

    async def stop(self) -> None:
        """Say, to a client that is still there, that its request is cut off, and hang up."""
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await self.fail(ServiceError(ErrorCode.NOT_READY, "the service is stopping"))

    async def close(self) -> None:
        """Close as agreed, or as the service ends."""
        code = WSCloseCode.GOING_AWAY if self._is_draining else WSCloseCode.OK
        await self._close(code)

    async def _close(self, code: int) -> None:
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._socket.close(code=code)
        except (TimeoutError, asyncio.CancelledError):
            self._abort()
            raise

    @property
    def _is_ending(self) -> bool:
        return self._is_draining and self._turn is Turn.NOBODY

    def _limit_wait(self) -> None:
        """Decide how long the wait for a message that is under way may last."""
        if self._next_message is None or self._next_message.expired():
            return
        now = asyncio.get_running_loop().time()
        if self._is_ending:
            self._next_message.reschedule(now)
        elif self._turn is Turn.SERVER:
            self._next_message.reschedule(None)
        else:
            self._next_message.reschedule(now + self._limits.idle_seconds)

    def _abort(self) -> None:
        self._request.app[API].connections.abort(self._request)


Talk = Callable[[WebSocket], Awaitable[None]]


async def serve_websocket(
    request: web.Request,
    talk: Talk,
    *,
    protocols: Sequence[str] = (),
    message_bytes: int = MAX_MESSAGE_BYTES,
    describe_error: ErrorMessage = error_message,
) -> web.WebSocketResponse:
    """Accept a WebSocket and run `talk` until it returns, fails, or its client leaves.

    A `ServiceError` in it is sent to the client as an `error` message, before the socket closes
    with a code for it; `describe_error` makes the message. `protocols`: the subprotocols that the
    route knows. Messages longer than `message_bytes` close the socket.
    """
    api = request.app[API]
    offered = offered_protocols(request)
    with_token = [name for name in offered if name.startswith(BEARER_PROTOCOL)]
    socket = web.WebSocketResponse(
        protocols=(*protocols, *with_token),  # a browser must find one of those it offered
        timeout=_CLOSE_SECONDS,
        compress=False,  # a small message could hold gigabytes
        max_msg_size=message_bytes,
    )
    await socket.prepare(request)
    connection = api.connections.leave_to_websocket(request)
    websocket = WebSocket(request, socket, describe_error)
    api.websockets.add(websocket)
    try:
        async with heartbeat(connection, socket.ping, api.limits.ping_seconds):
            await _run(websocket, talk)
    except (ConnectionError, TimeoutError) as error:
        _LOGGER.debug("%s: WebSocket ended: %s", websocket.peer, error)
    finally:
        api.websockets.discard(websocket)
    return socket


async def _run(websocket: WebSocket, talk: Talk) -> None:
    try:
        await talk(websocket)
    except ServiceError as error:
        _LOGGER.info("%s: WebSocket failed (%s): %s", websocket.peer, error.code, error.text)
        await websocket.fail(error)
    except ConnectionError:
        raise
    except asyncio.CancelledError:  # the client left, or its time after the service's end is over
        await websocket.stop()
        raise
    except Exception:
        _LOGGER.exception("a WebSocket failed")
        await websocket.fail(internal_error())
    else:
        await websocket.close()


def parse_message(message: str | bytes) -> dict[str, object]:
    """Returns the JSON object that a message holds.

    Raises:
        ServiceError: `invalid-request`.
    """
    try:
        return parse_object(message)
    except ValueError as problem:
        raise InvalidRequest(f"the message {problem}") from None
