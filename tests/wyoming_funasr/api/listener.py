"""A client of `/v1/listen` that holds every message against the schema that the server gives."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from jsonschema import Draft202012Validator

from tests.support.http import free_port
from tests.wyoming_funasr.conftest import ServiceMaker
from wyoming_funasr.service import FunasrService
from wyoming_serving.service import running

READ_SECONDS = 60.0


class Listener:
    """One connection."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, schema: dict[str, Any]) -> None:
        self.socket = socket
        self._client = Draft202012Validator({**schema, "$ref": "#/$defs/ClientMessage"})
        self._server = Draft202012Validator({**schema, "$ref": "#/$defs/ServerMessage"})

    async def say(self, kind: str, **fields: Any) -> None:
        """Send a message that the schema allows."""
        message = {"type": kind, **fields}
        self._client.validate(message)
        await self.socket.send_json(message)

    async def say_wrong(self, message: dict[str, Any]) -> None:
        """Send a message that the schema forbids."""
        assert not self._client.is_valid(message), message
        await self.socket.send_json(message)

    async def start(self, **fields: Any) -> dict[str, Any]:
        """Start; returns what the server is ready for."""
        await self.say("start", **fields)
        return await self.read("ready")

    async def audio(self, pcm: bytes, size: int = 3_200) -> None:
        """Send audio in messages of so many bytes."""
        for at in range(0, len(pcm), size):
            await self.socket.send_bytes(pcm[at : at + size])

    async def read(self, kind: str | None = None) -> dict[str, Any]:
        """The next message, which must be of this kind."""
        message: dict[str, Any] = await self.socket.receive_json(timeout=READ_SECONDS)
        self._server.validate(message)
        assert kind is None or message["type"] == kind, message
        return message

    async def read_until(self, kind: str) -> list[dict[str, Any]]:
        """The messages up to the next of this kind."""
        messages = [await self.read()]
        while messages[-1]["type"] != kind:
            assert messages[-1]["type"] != "error", messages[-1]
            messages.append(await self.read())
        return messages

    async def final(self) -> dict[str, Any]:
        """The next `final`."""
        return (await self.read_until("final"))[-1]

    async def error(self) -> tuple[str, str, str | None]:
        """The next message, an error: its code, its text and the field to blame."""
        told = (await self.read("error"))["error"]
        return told["code"], told["message"], told["param"]

    async def ended(self) -> int | None:
        """Reads to the end; returns the code with which the server closed."""
        async with asyncio.timeout(READ_SECONDS):
            async for _ in self.socket:
                pass
        return self.socket.close_code


class Server:
    """A running service, and clients of it."""

    def __init__(self, service: FunasrService, browser: aiohttp.ClientSession) -> None:
        self.service = service
        self.browser = browser
        self.schema: dict[str, Any] = {}

    async def open(self) -> Listener:
        """A connection that is left open."""
        return Listener(await self.browser.ws_connect("/v1/listen"), self.schema)

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Listener]:
        """A connection."""
        listener = await self.open()
        try:
            yield listener
        finally:
            await listener.socket.close()


@asynccontextmanager
async def serving(
    make_service: ServiceMaker, *words: str, token: str = ""
) -> AsyncIterator[Server]:
    """A running service with an HTTP port."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    port = free_port()
    service = make_service("--http-port", str(port), *words)
    url = f"http://127.0.0.1:{port}"
    async with (
        aiohttp.ClientSession(
            url, connector=aiohttp.TCPConnector(limit=0), headers=headers
        ) as browser,
        running(service),
    ):
        server = Server(service, browser)
        async with browser.get("/v1/listen/schema") as answer:
            server.schema = await answer.json()
        yield server
