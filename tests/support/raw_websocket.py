"""WebSockets by hand (RFC 6455), for clients that no library would be."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_RECEIVE_BYTES = 2048
"""Of the socket's buffer: the smaller, the sooner the other side has to wait."""


def handshake(path: str) -> bytes:
    """The request that opens a WebSocket."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    ).encode()


def frame(text: bytes) -> bytes:
    """A masked text frame; the mask is zero."""
    assert len(text) < 1 << 16
    length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2)
    return b"\x81" + length + bytes(4) + text


@asynccontextmanager
async def unread(port: int, request: bytes) -> AsyncIterator[socket.socket]:
    """A connection of which nothing is read, after a request."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BYTES)
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, ("127.0.0.1", port))
        await loop.sock_sendall(client, request)
        yield client


async def send_until_dropped(client: socket.socket, messages: bytes) -> None:
    """Send frames, each of which is answered, until the other side has had enough."""
    async with asyncio.timeout(60):
        while True:
            try:
                client.send(messages)
            except BlockingIOError:
                await asyncio.sleep(0.01)
            except ConnectionError:
                return
            await asyncio.sleep(0)
