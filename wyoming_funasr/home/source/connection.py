"""Home Assistant's WebSocket API: one connection, its commands and its subscriptions.

The messages are described in Home Assistant's developer documentation, "WebSocket API". Nothing is
read behind the caller's back: messages are taken while a command waits for its result, and by
`listen`.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import aiohttp

from wyoming_funasr.home.source.access import Access
from wyoming_funasr.home.source.errors import CommandFailed, HomeAssistantError, TokenRefused

_LARGEST_MESSAGE = 64 << 20
"""Bytes; the registry of thousands of devices takes a few million."""

_HEARTBEAT_SECONDS = 30.0
_CLOSE_SECONDS = 1.0
_MALFORMED = "it sent what is no message of its WebSocket API"

EventHandler = Callable[[dict[str, Any]], None]


class Connection:
    """An authenticated connection."""

    def __init__(
        self, socket: aiohttp.ClientWebSocketResponse, version: str, wait_seconds: float
    ) -> None:
        self.version = version
        """Home Assistant's, as `2026.11.0`."""
        self._socket = socket
        self._wait_seconds = wait_seconds
        self._last_id = 0
        self._handlers: dict[int, EventHandler] = {}

    async def call(self, command: str, **fields: object) -> Any:
        """Send a command; returns its result.

        Raises:
            CommandFailed: Home Assistant answers with an error.
            HomeAssistantError: no answer in time, or the connection is lost.
        """
        self._last_id += 1
        number = self._last_id
        with _spoken_errors(f"no answer to {command} in {self._wait_seconds:g} s"):
            async with asyncio.timeout(self._wait_seconds):
                await self._socket.send_json({"id": number, "type": command, **fields})
                while True:
                    message = await _receive(self._socket)
                    if message.get("id") == number and message.get("type") == "result":
                        break
                    self._dispatch(message)
        if message.get("success") is not True:
            error = message.get("error")
            code = str(error.get("code")) if isinstance(error, dict) else "unknown_error"
            raise CommandFailed(code, f"it answers {command} with {code[:60]!r}")
        return message.get("result")

    async def subscribe(self, command: str, handler: EventHandler, **fields: object) -> int:
        """Send a command that begins a subscription; `handler` gets each event of it."""
        number = self._last_id + 1
        self._handlers[number] = handler
        await self.call(command, **fields)
        return number

    async def unsubscribe(self, subscription: int) -> None:
        """End a subscription."""
        self._handlers.pop(subscription, None)
        await self.call("unsubscribe_events", subscription=subscription)

    async def listen(self) -> None:
        """Wait for the next message, however long it takes, and hand on its event."""
        with _spoken_errors():
            self._dispatch(await _receive(self._socket))

    def _dispatch(self, message: dict[str, Any]) -> None:
        number, event = message.get("id"), message.get("event")
        if message.get("type") != "event" or not isinstance(number, int):
            return  # a late result, or something newer than this program
        handler = self._handlers.get(number)
        if handler is not None and isinstance(event, dict):
            handler(event)


@asynccontextmanager
async def connected(access: Access, wait_seconds: float) -> AsyncIterator[Connection]:
    """Connect and authenticate.

    Raises:
        TokenRefused: the token is not accepted.
        HomeAssistantError: Home Assistant is not there, is too slow, or speaks something else.
    """
    token = await asyncio.to_thread(access.read_token)
    timeout = aiohttp.ClientTimeout(total=None, connect=wait_seconds)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        with _spoken_errors(f"no connection in {wait_seconds:g} s"):
            async with asyncio.timeout(wait_seconds):
                socket = await session.ws_connect(
                    access.url,
                    heartbeat=_HEARTBEAT_SECONDS,
                    max_msg_size=_LARGEST_MESSAGE,
                    timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_SECONDS),
                )
        async with socket:
            with _spoken_errors(f"no answer to the token in {wait_seconds:g} s"):
                async with asyncio.timeout(wait_seconds):
                    version = await _authenticate(socket, token)
            yield Connection(socket, version, wait_seconds)


async def _authenticate(socket: aiohttp.ClientWebSocketResponse, token: str) -> str:
    """Returns Home Assistant's version."""
    if (await _receive(socket)).get("type") != "auth_required":
        raise HomeAssistantError(_MALFORMED)
    await socket.send_json({"type": "auth", "access_token": token})
    answer = await _receive(socket)
    if answer.get("type") == "auth_invalid":
        raise TokenRefused("it refuses the token")
    if answer.get("type") != "auth_ok":
        raise HomeAssistantError(_MALFORMED)
    return str(answer.get("ha_version"))


async def _receive(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    message = await socket.receive()
    if message.type is aiohttp.WSMsgType.ERROR:
        raise HomeAssistantError(f"the connection broke: {message.data}")
    if message.type in (
        aiohttp.WSMsgType.CLOSE,
        aiohttp.WSMsgType.CLOSING,
        aiohttp.WSMsgType.CLOSED,
    ):
        raise HomeAssistantError("it closed the connection")
    try:
        content = json.loads(message.data)
    except (ValueError, TypeError, RecursionError):
        raise HomeAssistantError(_MALFORMED) from None
    if not isinstance(content, dict):
        raise HomeAssistantError(_MALFORMED)
    return content


@contextmanager
def _spoken_errors(too_slow: str = "it is too slow") -> Iterator[None]:
    """Turn what aiohttp raises into one sentence."""
    try:
        yield
    except TimeoutError:
        raise HomeAssistantError(too_slow) from None
    except aiohttp.WSServerHandshakeError as error:
        raise HomeAssistantError(
            f"it answers with HTTP status {error.status}, not with its WebSocket API"
        ) from None
    except (aiohttp.ClientError, OSError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise HomeAssistantError(reason) from None
