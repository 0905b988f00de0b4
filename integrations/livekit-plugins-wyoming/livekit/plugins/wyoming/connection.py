"""A WebSocket of a server: opened, started, and its messages read."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
from livekit.agents import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    utils,
)

_TRY_AGAIN = frozenset(
    {
        "internal-error",
        "max-sessions-reached",
        "not-ready",
        "queue-full",
        "request-timeout",
        "too-many-connections",
    }
)
"""Codes of errors that another try may not meet."""

_HEARTBEAT_SECONDS = 20.0


class Server:
    """Where a server is, and how it is asked."""

    def __init__(
        self, url: str, token: str | None, http_session: aiohttp.ClientSession | None
    ) -> None:
        """Without a token that of the environment counts, `WYOMING_TOKEN`."""
        self._url = url.rstrip("/")
        token = token or os.environ.get("WYOMING_TOKEN")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http_session = http_session

    async def open(
        self, path: str, start: Mapping[str, Any], seconds: float
    ) -> aiohttp.ClientWebSocketResponse:
        """Returns a WebSocket whose server is ready, after so many seconds at most.

        Raises:
            APIError: it cannot be had, or the server refuses.
        """
        http = self._http_session or utils.http_context.http_session()
        try:
            async with asyncio.timeout(seconds):
                socket = await http.ws_connect(
                    self._url + path, headers=self._headers, heartbeat=_HEARTBEAT_SECONDS
                )
                try:
                    await socket.send_json({"type": "start", **start})
                    async for message in messages(socket):
                        if isinstance(message, dict) and message["type"] == "ready":
                            return socket
                        if isinstance(message, dict) and message["type"] == "error":
                            raise api_error(message)
                    raise APIConnectionError(f"{self._url} closed the connection")
                except BaseException:
                    await socket.close()
                    raise
        except TimeoutError:
            raise APITimeoutError(f"{self._url} does not answer") from None
        except aiohttp.WSServerHandshakeError as error:
            raise APIStatusError(error.message, status_code=error.status) from None
        except (aiohttp.ClientError, OSError) as error:
            raise APIConnectionError(f"{self._url} cannot be reached") from error


async def messages(
    socket: aiohttp.ClientWebSocketResponse,
) -> AsyncIterator[dict[str, Any] | bytes]:
    """Yields the messages of a server: JSON as objects, audio as bytes."""
    async for message in socket:
        if message.type is aiohttp.WSMsgType.BINARY:
            yield message.data
        elif message.type is aiohttp.WSMsgType.TEXT:
            yield json.loads(message.data)


def api_error(message: Mapping[str, Any]) -> APIError:
    """Returns an error that a server sent, as LiveKit knows errors."""
    error = message["error"]
    return APIError(
        f"{error['message']} ({error['code']})",
        body=error,
        retryable=error["code"] in _TRY_AGAIN,
    )
