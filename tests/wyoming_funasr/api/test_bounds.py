"""What one client of the speech-to-text API can take is bounded, and its neighbor is well.

Wrong and giant messages, and connections that are cut, are with the tests of each protocol.
"""

import asyncio
import base64
import contextlib
import json
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp
import pytest

from tests.support.raw_websocket import frame, handshake, send_until_dropped, unread
from tests.support.speech import DATA, read_pcm
from tests.support.waiting import until
from tests.wyoming_funasr.api.listener import READ_SECONDS, Server, serving
from tests.wyoming_funasr.api.test_openai import TRANSCRIBE
from tests.wyoming_funasr.api.test_realtime import at_24000
from tests.wyoming_funasr.conftest import ServiceMaker
from tests.wyoming_serving.http.test_bounds import has_error
from wyoming_funasr.recognition.types import Recognition

KITCHEN = read_pcm(DATA / "kitchen_light_off_en.wav")
TEXT = "Turn off the kitchen light."
MANY = 200
PLACES = 20
MANY_WORDS = ("--http-sessions", str(PLACES), "--http-connections", str(2 * MANY))
PATIENT = ("--max-queue", "300", "--max-wait-seconds", "3600")
"""However busy the machine is."""


@dataclass(frozen=True)
class Protocol:
    """How to say something in a protocol, and to hear what was made of it."""

    path: str
    begin: tuple[str, ...]
    """Messages before the audio."""
    audio: Callable[[bytes], str | bytes]
    """A message that holds 16 kHz PCM."""
    end: str
    text: Callable[[dict[str, Any]], str | None]
    """What was heard, where a message tells it."""
    code: Callable[[dict[str, Any]], str | None]
    """Of the error, where a message is one."""


def _append(pcm: bytes) -> str:
    audio = base64.b64encode(at_24000(pcm)).decode()
    return json.dumps({"type": "input_audio_buffer.append", "audio": audio})


FUNASR = Protocol(
    "/",
    ('{"mode": "offline", "is_speaking": true}',),
    lambda pcm: pcm,
    '{"is_speaking": false}',
    lambda message: message["text"] if message.get("is_final") else None,
    lambda message: message.get("code"),
)
REALTIME = Protocol(
    "/v1/realtime?intent=transcription",
    (),
    _append,
    '{"type": "input_audio_buffer.commit"}',
    lambda message: message.get("transcript"),
    lambda message: (message.get("error") or {}).get("code"),
)
PROTOCOLS = pytest.mark.parametrize("protocol", [FUNASR, REALTIME], ids=["funasr", "realtime"])


@pytest.fixture
def demo(make_service: ServiceMaker) -> ServiceMaker:
    return partial(make_service, "--model-dir", "demo")


Socket = aiohttp.ClientWebSocketResponse


def opened(server: Server, protocol: Protocol) -> AbstractAsyncContextManager[Socket]:
    return server.browser.ws_connect(protocol.path)


async def outcome(socket: Socket, protocol: Protocol) -> str:
    """The next text, or the code of the next error."""
    while True:
        message = await socket.receive_json(timeout=READ_SECONDS)
        found = protocol.code(message) or protocol.text(message)
        if found is not None:
            return found


async def send(socket: Socket, message: str | bytes) -> None:
    if isinstance(message, str):
        await socket.send_str(message)
    else:
        await socket.send_bytes(message)


async def said(socket: Socket, protocol: Protocol) -> str:
    """What is made of a command, or the code of the error that came before."""
    with contextlib.suppress(ConnectionError):  # it was refused already
        for message in (*protocol.begin, protocol.audio(KITCHEN), protocol.end):
            await send(socket, message)
    return await outcome(socket, protocol)


@PROTOCOLS
async def test_who_reads_nothing_is_dropped(protocol: Protocol, demo: ServiceMaker) -> None:
    async with serving(demo, "--send-seconds", "0.3") as server:
        async with opened(server, protocol) as neighbor:
            port = server.service.settings.http_port
            async with unread(port, handshake(protocol.path)) as slow:
                await send_until_dropped(slow, frame(b"[]") * 1000)  # each is told to be wrong
            assert await said(neighbor, protocol) == TEXT


@PROTOCOLS
async def test_of_200_sessions_those_with_a_place_are_served(
    protocol: Protocol, demo: ServiceMaker
) -> None:
    async def one(server: Server) -> str:
        async with opened(server, protocol) as socket:
            return await said(socket, protocol)

    async with serving(demo, *MANY_WORDS, *PATIENT) as server:
        async with opened(server, protocol) as neighbor:
            outcomes = Counter(await asyncio.gather(*(one(server) for _ in range(MANY))))
            assert await said(neighbor, protocol) == TEXT
    assert set(outcomes) == {TEXT, "max-sessions-reached"}
    assert outcomes[TEXT] >= PLACES - 1


@PROTOCOLS
async def test_a_session_that_never_ends_is_ended(protocol: Protocol, demo: ServiceMaker) -> None:
    silence = protocol.audio(bytes(3_200))
    async with serving(demo, "--max-listen-seconds", "0.5") as server:
        async with opened(server, protocol) as endless:
            for message in protocol.begin:
                await send(endless, message)
            ending = asyncio.create_task(outcome(endless, protocol))
            while not ending.done():
                await send(endless, silence)
                await asyncio.sleep(0.01)
            assert await ending == "request-timeout"
            assert (await endless.receive()).type is aiohttp.WSMsgType.CLOSE
        async with opened(server, protocol) as later:
            assert await said(later, protocol) == TEXT


async def test_a_giant_message_of_audio_closes_its_socket_alone(demo: ServiceMaker) -> None:
    async with serving(demo) as server:
        async with opened(server, FUNASR) as neighbor, opened(server, FUNASR) as socket:
            await send(socket, FUNASR.begin[0])
            await send(socket, bytes(2 << 20))
            while (await socket.receive()).type is not aiohttp.WSMsgType.CLOSE:
                pass
            assert socket.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
            assert await said(neighbor, FUNASR) == TEXT


RECORDING = (DATA / "kitchen_light_off_en.wav").read_bytes()


async def uploaded(server: Server) -> tuple[int, str | None]:
    """The status of a transcription, and the code of its error."""
    form = aiohttp.FormData({"model": "demo"})
    form.add_field("file", RECORDING, filename="a.wav")
    async with server.browser.post(TRANSCRIBE, data=form) as answer:
        content = await answer.json()
        return answer.status, (content.get("error") or {}).get("code")


async def test_of_200_uploads_those_with_a_place_in_time_are_transcribed(
    demo: ServiceMaker,
) -> None:
    words = ("--http-connections", "400", "--http-max-uploads", "4", "--max-wait-seconds", "0.5")
    async with serving(demo, *words) as server:
        outcomes = await asyncio.gather(*(uploaded(server) for _ in range(MANY)))
        assert set(outcomes) <= {(200, None), (503, "queue-full")}
        assert outcomes.count((200, None)) >= 4
        assert await uploaded(server) == (200, None)


FORM = (
    f"POST {TRANSCRIBE} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
    "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
).encode()


def part(name: str, content: bytes) -> bytes:
    """A part of a form."""
    head = f'--x\r\nContent-Disposition: form-data; name="{name}"; filename="a"\r\n\r\n'
    return head.encode() + content + b"\r\n"


def chunk(data: bytes) -> bytes:
    """A chunk of a body whose length is not told (RFC 9112, 7.1)."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


@pytest.mark.parametrize("name", ["prompt", "file"])
async def test_an_upload_that_trickles_for_ever_is_ended(name: str, demo: ServiceMaker) -> None:
    """Silent it is never, but it holds the one place."""
    words = ("--http-max-uploads", "1", "--http-silent-seconds", "0.4")
    async with serving(demo, *words) as server:
        port = server.service.settings.http_port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(FORM + chunk(part(name, b"")[:-2]))
        answer = asyncio.create_task(reader.readline())
        async with asyncio.timeout(READ_SECONDS):
            while not answer.done():
                writer.write(chunk(b"x"))
                await asyncio.sleep(0.02)
        assert b" 408 " in await answer
        assert await uploaded(server) == (200, None)
        writer.transport.abort()


@pytest.mark.parametrize("streamed", [False, True])
async def test_who_does_not_read_its_transcription_frees_its_place(
    streamed: bool, demo: ServiceMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def recognize(*_: object, **__: object) -> Recognition:
        return Recognition("word " * 200_000, language="en")  # more than sockets hold

    words = ("--http-max-uploads", "1", "--http-silent-seconds", "0.4")
    async with serving(demo, *words) as server:
        port = server.service.settings.http_port
        fields = {"model": "demo", "stream": str(streamed).lower()}
        body = b"".join(part(name, value.encode()) for name, value in fields.items())
        body += part("file", RECORDING) + b"--x--\r\n"
        async with unread(port, FORM + chunk(body) + chunk(b"")) as slow:
            with monkeypatch.context() as long:
                long.setattr(server.service.pipelines[0], "recognize", recognize)
                await until(lambda: has_error(slow))
            assert await uploaded(server) == (200, None)
