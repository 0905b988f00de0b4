"""What one HTTP client can take is bounded, and others are answered meanwhile."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from aiohttp import web

from tests.support.event_loop import watched_loop
from tests.support.http import fetch, free_port
from tests.support.waiting import until
from tests.wyoming_serving.echo import EchoService, settings
from wyoming_serving.service import running

READ_SECONDS = 20


class LargeAnswerService(EchoService):
    """Has an answer that no socket's buffer takes."""

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        async def large(_: web.Request) -> web.Response:
            return web.Response(body=bytes(64 << 20))

        async def broken(_: web.Request) -> web.Response:
            raise KeyError("a defect")

        return [web.get("/large", large), web.get("/broken", broken)]


@asynccontextmanager
async def serving(*words: str) -> AsyncIterator[int]:
    http = free_port()
    async with running(LargeAnswerService(settings("--http-port", str(http), *words))):
        yield http


@asynccontextmanager
async def opened(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def read_all(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(READ_SECONDS):
        try:
            return await reader.read()
        except ConnectionError:
            return b""


async def test_connections_beyond_the_limit_are_told_so() -> None:
    async with serving("--http-connections", "2") as port, AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(opened(port))
        async with opened(port) as (reader, _):
            assert (await read_all(reader)).startswith(b"HTTP/1.1 503 ")
        await stack.aclose()
        async with asyncio.timeout(READ_SECONDS):
            while (await fetch(port, "/health"))[0] != 200:
                pass  # the server has not seen them leave yet


async def test_a_connection_that_asks_nothing_is_closed() -> None:
    async with serving("--http-silent-seconds", "0.2") as port:
        async with opened(port) as (silent, _), opened(port) as (slow, writer):
            writer.write(b"GET /health HTTP/1.1\r\nHost: ")  # and never the rest
            assert await read_all(silent) == b""
            assert await read_all(slow) == b""
        assert (await fetch(port, "/health"))[0] == 200


async def test_an_answer_that_nobody_reads_is_given_up() -> None:
    async with serving("--http-silent-seconds", "0.2") as port:
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET /large HTTP/1.1\r\nHost: here\r\n\r\n")
            assert (await fetch(port, "/health"))[0] == 200
            await until(lambda: has_error(client))


def has_error(client: socket.socket) -> bool:
    """Whether the other side has reset the connection, though nothing was read from it."""
    return client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0


async def test_large_and_malformed_requests_get_errors_and_no_log_lines(
    caplog: pytest.LogCaptureFixture,
) -> None:
    requests = {
        b"GET /%s HTTP/1.1\r\nHost: here\r\n\r\n" % (b"x" * 20_000): b" 400 ",
        b"GET /health HTTP/1.1\r\nHost: here\r\nX: %s\r\n\r\n" % (b"x" * 20_000): b" 400 ",
        b"\x00\xff\x16\x03\r\n\r\n": b" 400 ",
        b"GET /health HTTP/1.1\r\nHost: here\r\nExpect: 100-c\xffontinue\r\n\r\n": b" 400 ",
        b"POST /health HTTP/1.1\r\nHost: here\r\nContent-Length: 99999999\r\n"
        b"Connection: close\r\n\r\n": b" 405 ",
    }
    async with serving() as port:
        for request, answer in requests.items():
            async with opened(port) as (reader, writer):
                writer.write(request)
                async with asyncio.timeout(READ_SECONDS):
                    assert answer in await reader.readline(), request[:40]
        assert (await fetch(port, "/health"))[0] == 200
    assert "xxx" not in caplog.text


async def test_a_route_that_fails_is_logged_and_answered(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as port:
        assert (await fetch(port, "/broken"))[0] == 500
    assert "a defect" in caplog.text


async def test_scrapes_do_not_hold_the_event_loop() -> None:
    async with serving() as port, watched_loop() as watch:
        for path in ("/metrics", "/status", "/health") * 5:
            assert (await fetch(port, path))[0] == 200
    assert watch.longest_seconds < 0.05
