"""FunASR's own clients, as far as the protocol goes: what they send, and what they make of it.

Source: runtime/python/websocket/funasr_wss_client.py and runtime/html5/static/*.js of FunASR.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import websockets
from websockets import ClientConnection, Subprotocol

from tests.wyoming_funasr.api.listener import READ_SECONDS, Server

CHUNK_SIZE, CHUNK_INTERVAL = [5, 10, 5], 10
_BINARY = [Subprotocol("binary")]


class PythonClient:
    """The program for a command line."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.messages: list[dict[str, Any]] = []

    async def tell(self, **message: Any) -> None:
        """Send a text message."""
        await self.socket.send(json.dumps(message, ensure_ascii=False))

    async def begin(self, mode: str, **wishes: Any) -> None:
        """Send the first message of a recording."""
        first = {
            "mode": mode,
            "chunk_size": CHUNK_SIZE,
            "chunk_interval": CHUNK_INTERVAL,
            "encoder_chunk_look_back": 4,
            "decoder_chunk_look_back": 0,
            "audio_fs": 16_000,
            "wav_name": "demo",
            "wav_format": "pcm",
            "is_speaking": True,
            "hotwords": "",
            "itn": True,
        }
        await self.tell(**(first | wishes))

    async def audio(self, data: bytes, rate_hz: int = 16_000) -> None:
        """Send audio in the program's pieces."""
        stride = int(60 * CHUNK_SIZE[1] / CHUNK_INTERVAL / 1000 * rate_hz * 2)
        for at in range(0, len(data), stride):
            await self.socket.send(data[at : at + stride])

    async def read(self) -> dict[str, Any]:
        """The next message."""
        text = await _in_time(self.socket)
        message: dict[str, Any] = json.loads(text)
        self.messages.append(message)
        return message

    async def finish(self) -> list[dict[str, Any]]:
        """End a recording; the messages up to the one that acknowledges it."""
        await self.tell(is_speaking=False, is_end=True)
        messages = [await self.read()]
        while not messages[-1].get("is_end"):
            messages.append(await self.read())
        return messages

    @property
    def shown(self) -> str:
        """What the program would have written on the screen in the end."""
        text = online = offline = ""
        for message in self.messages:
            said, mode = message.get("text", ""), message.get("mode")
            if mode in ("online", "offline"):
                text += said
            elif mode == "2pass-online":
                online += said
                text = offline + online
            elif mode == "2pass-offline":
                online = ""
                offline += said
                text = offline
        return text


class Page:
    """The page of FunASR, in a browser."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.offline_text = ""
        self.shown = ""

    async def record(self, pcm: bytes, mode: str = "2pass", **wishes: Any) -> None:
        """Send a recording of its microphone, to its end."""
        await self._begin(mode, **wishes)
        await self._audio(pcm, 1_920)
        await self._stop(mode)

    async def upload(self, file: bytes, extension: str, rate_hz: int = 16_000) -> None:
        """Send a file to its end."""
        wishes: dict[str, Any] = {"wav_format": extension}
        if extension == "wav":
            wishes = {"wav_format": "PCM", "audio_fs": rate_hz}
        await self._begin("offline", **wishes)
        await self._audio(file, 960)
        await self._stop("offline")

    async def read_to_final(self) -> None:
        """Show messages until the last one."""
        while not self._show(json.loads(await _in_time(self.socket))):
            pass

    async def _begin(self, mode: str, **wishes: Any) -> None:
        first = {
            "chunk_size": CHUNK_SIZE,
            "wav_name": "h5",
            "is_speaking": True,
            "chunk_interval": CHUNK_INTERVAL,
            "itn": False,
            "mode": mode,
        }
        await self.socket.send(json.dumps(first | wishes))

    async def _audio(self, data: bytes, size: int) -> None:
        for at in range(0, len(data), size):
            await self.socket.send(data[at : at + size])

    async def _stop(self, mode: str) -> None:
        last = {
            "chunk_size": CHUNK_SIZE,
            "wav_name": "h5",
            "is_speaking": False,
            "chunk_interval": CHUNK_INTERVAL,
            "mode": mode,
        }
        await self.socket.send(json.dumps(last))

    def _show(self, message: dict[str, Any]) -> bool:
        if message["mode"] in ("2pass-offline", "offline"):
            self.offline_text += with_times(message["text"], message.get("timestamp"))
            self.shown = self.offline_text
        else:
            self.shown += message["text"]
        is_final: bool = message["is_final"]
        return is_final


def with_times(text: str, timestamp: str | None) -> str:
    """What the page shows: `handleWithTimestamp` of its main.js."""
    if timestamp is None or not text:
        return text
    times, index, shown = json.loads(timestamp), 0, ""
    for part in re.sub("[。？，、?. ]", ",", text).split(","):
        if part:
            shown += f"{times[index][0] / 1000:g}:{part}\n"
            index += 1 if re.fullmatch("[a-zA-Z]+", part) else len(part)
    return shown


async def _in_time(socket: ClientConnection) -> str | bytes:
    return await asyncio.wait_for(socket.recv(), READ_SECONDS)


@asynccontextmanager
async def python_client(server: Server, path: str = "") -> AsyncIterator[PythonClient]:
    """The program, connected."""
    url = f"ws://127.0.0.1:{server.service.settings.http_port}{path}"
    async with websockets.connect(url, subprotocols=_BINARY, ping_interval=None) as socket:
        yield PythonClient(socket)


@asynccontextmanager
async def page(server: Server, path: str = "/") -> AsyncIterator[Page]:
    """The page, connected."""
    url = f"ws://127.0.0.1:{server.service.settings.http_port}{path}"
    async with websockets.connect(url) as socket:
        yield Page(socket)
