"""Attackers of the HTTP port: they send bytes as they are, and count what comes back."""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from random import Random

from tests.attack.streams import Target
from tests.attack.web import HttpRequest
from tests.attack.web_mutations import (
    CLOSE_FRAME,
    Case,
    encode_request,
    wrong_request,
    wrong_talk,
)

_ANSWER_SECONDS = 60.0
"""For the service to end a conversation whose client has sent all it will."""
_LINGER_SECONDS = 0.05
"""For which a client of a WebSocket that said all waits before it hangs up."""

_PAYLOAD_LENGTHS = {126: 2, 127: 8}
"""Bytes of the length of a WebSocket frame that is too long for seven bits."""


async def attack_http(target: Target, port: int, random: Random) -> list[str]:
    """Send one wrong request; returns what came back: an error's code, or `http 200`."""
    case = wrong_request(target.requests, random)
    return list(_http_answers(case, await _exchange(port, case, random)))


async def attack_websocket(target: Target, port: int, random: Random) -> list[str]:
    """Send one wrong WebSocket conversation; returns the kinds of messages that came back."""
    case = wrong_talk(target.talks, random)
    head, _, frames = (await _exchange(port, case, random, CLOSE_FRAME)).partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 101"):
        return list(_http_answers(case, head + b"\r\n\r\n" + frames))
    return [_kind(message) for message in _messages(frames)]


async def healthy_http_answer(request: HttpRequest, port: int) -> bytes:
    """Returns the body that a client gets which does nothing wrong."""
    answer = await _exchange(port, Case(encode_request(request), may_wait=False), Random(0))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), answer[:500]
    return body


async def _exchange(port: int, case: Case, random: Random, farewell: bytes = b"") -> bytes:
    """Returns all that comes back until the server closes, or until the client would wait."""
    received = bytearray()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        with contextlib.suppress(ConnectionError):
            writer.write(case.data)
            await writer.drain()
            if random.random() < 0.1:
                return b""
            async with asyncio.timeout(_ANSWER_SECONDS):
                if farewell or case.may_wait:
                    await _linger(reader, received)
                writer.write(farewell)
                if case.may_wait:
                    with contextlib.suppress(OSError):  # the server hung up
                        writer.write_eof()
                while piece := await reader.read(1 << 16):
                    received += piece
    except TimeoutError:
        raise AssertionError(f"this did not end: {case.data[:2000]!r}") from None
    finally:
        writer.transport.abort()
    return bytes(received)


async def _linger(reader: asyncio.StreamReader, received: bytearray) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LINGER_SECONDS):
            while piece := await reader.read(1 << 16):
                received += piece


def _http_answers(case: Case, answer: bytes) -> Iterator[str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    if head.startswith(b"HTTP/1.1 500"):
        raise AssertionError(f"a defect: {case.data[:2000]!r} is answered by {answer[:500]!r}")
    if head:
        status = head.split(b" ", 2)[1].decode(errors="replace")
        try:
            yield json.loads(body)["error"]["code"]
        except (ValueError, KeyError, TypeError):
            yield f"http {status}"


def _messages(frames: bytes) -> Iterator[bytes]:
    """The text messages in a server's frames, which are not masked."""
    at = 0
    while at + 2 <= len(frames):
        code, size = frames[at] & 0x0F, frames[at + 1]
        at += 2
        extra = _PAYLOAD_LENGTHS.get(size, 0)
        if extra:
            size = int.from_bytes(frames[at : at + extra], "big")
            at += extra
        if code == 1:
            yield frames[at : at + size]
        at += size


def _kind(message: bytes) -> str:
    content = json.loads(message)
    error = content.get("error")
    content = error if isinstance(error, dict) else content
    return str(content.get("code") or content.get("type") or content.get("mode"))
