"""A client's way to a WebSocket of the API, which may have to try for a while."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiohttp

_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 10.0

TRY_LATER = frozenset(
    {"max-sessions-reached", "not-ready", "request-timeout", "too-many-connections"}
)
"""Codes of errors that end a session, after which the server may take another."""

Connection = TypeVar("Connection")


class ApiError(Exception):
    """The server refused something; `code` is for programs."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class ConnectionLost(ConnectionError):
    """The connection ended, or cannot be had."""


async def connect(
    open_once: Callable[[], Awaitable[Connection]], url: str, patience_seconds: float
) -> Connection:
    """Returns what `open_once` returns, called as often as it takes, with growing pauses.

    Raises:
        ApiError: the server refuses for good.
        ConnectionLost: it did not work for `patience_seconds`.
    """
    pause = _FIRST_PAUSE_SECONDS
    why: Exception | None = None
    try:
        async with asyncio.timeout(patience_seconds):
            while True:
                try:
                    return await open_once()
                except ApiError as error:
                    if error.code not in TRY_LATER:
                        raise
                    why = error
                except aiohttp.WSServerHandshakeError as error:
                    if error.status < 500 and error.status != 429:
                        raise ApiError(str(error.status), error.message) from None
                    why = error
                except (OSError, aiohttp.ClientError) as error:
                    why = error
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
    except TimeoutError:
        raise ConnectionLost(f"{url} cannot be reached: {why or 'it does not answer'}") from why
