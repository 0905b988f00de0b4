"""A client of `/v1/speak` that holds every message against the schema."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from jsonschema import Draft202012Validator

from tests.wyoming_melotts.api.conftest import Api

SECONDS = 60.0


@dataclass
class Spoken:
    """What came of one utterance."""

    types: list[str] = field(default_factory=list)
    """Of its messages, audio being `audio`; what follows the same is left out."""
    audio: bytes = b""
    words: list[dict[str, Any]] = field(default_factory=list)
    last: dict[str, Any] = field(default_factory=dict)


class Talk:
    """One session."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        socket: aiohttp.ClientWebSocketResponse,
        schema: dict[str, Any],
    ) -> None:
        self.socket = socket
        self._session = session
        self._schema = schema
        self._server = Draft202012Validator({**schema, "oneOf": [{"$ref": "#/$defs/server"}]})
        self._client = Draft202012Validator({**schema, "oneOf": [{"$ref": "#/$defs/client"}]})

    @asynccontextmanager
    async def another(self) -> AsyncIterator["Talk"]:
        """One more session with the same service."""
        async with self._session.ws_connect("/v1/speak", max_msg_size=0) as socket:
            yield Talk(self._session, socket, self._schema)

    async def receive_after(self, kind: str) -> dict[str, Any]:
        """Send a message without fields; returns the next one, or the error that came before."""
        with contextlib.suppress(ConnectionError):  # it was refused already
            await self.send(kind)
        message = await self.receive()
        assert isinstance(message, dict), message
        return message

    async def send(self, kind: str, **fields: object) -> None:
        """Send a message that the schema allows."""
        message = {"type": kind, **fields}
        self._client.validate(message)
        await self.socket.send_json(message)

    async def send_wrong(self, content: object) -> None:
        """Send a message that the schema does not allow."""
        assert not self._client.is_valid(content)
        await self.socket.send_str(json.dumps(content))

    async def receive(self) -> dict[str, Any] | bytes | None:
        """The next message; None at the end."""
        async with asyncio.timeout(SECONDS):
            message = await self.socket.receive()
        if message.type is aiohttp.WSMsgType.BINARY:
            data: bytes = message.data
            return data
        if message.type is not aiohttp.WSMsgType.TEXT:
            return None
        content: dict[str, Any] = json.loads(message.data)
        self._server.validate(content)
        return content

    async def receive_type(self, kind: str) -> dict[str, Any]:
        """The next message, which must be of this type."""
        message = await self.receive()
        assert isinstance(message, dict), message
        assert message["type"] == kind, message
        return message

    async def receive_error(self, code: str) -> dict[str, Any]:
        """The next message, which must be this error."""
        message = await self.receive_type("error")
        assert message["error"]["code"] == code, message
        return message

    async def start(self, **fields: object) -> dict[str, Any]:
        """Start; returns `ready`."""
        await self.send("start", **fields)
        return await self.receive_type("ready")

    async def say(self, *pieces: str) -> Spoken:
        """Speak a text to its end."""
        for piece in pieces:
            await self.send("text", text=piece)
        await self.send("flush")
        return await self.rest()

    async def rest(self) -> Spoken:
        """What still comes of an utterance."""
        spoken = Spoken()
        while True:
            message = await self.receive()
            assert message is not None, f"the end came after {spoken.types}"
            kind = "audio" if isinstance(message, bytes) else message["type"]
            if spoken.types[-1:] != [kind]:
                spoken.types.append(kind)
            if isinstance(message, bytes):
                spoken.audio += message
                continue
            spoken.words += message.get("words", ())
            if kind in ("done", "error"):
                spoken.last = message
                return spoken


@asynccontextmanager
async def talk(api: Api) -> AsyncIterator[Talk]:
    """A session with a running service."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(api.url, connector=connector) as session:
        async with session.get("/v1/speak/schema.json") as answer:
            schema = await answer.json()
        Draft202012Validator.check_schema(schema)
        async with session.ws_connect("/v1/speak", max_msg_size=0) as socket:
            yield Talk(session, socket, schema)
