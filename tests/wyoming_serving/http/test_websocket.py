"""WebSockets of a running service: errors, limits and ends."""

import asyncio
import gc
import socket
import weakref
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.support.waiting import until
from tests.wyoming_serving.http.service import api_server, browser, ended
from tests.wyoming_serving.http.test_bounds import has_error


@pytest.mark.parametrize(
    ("message", "told", "close_code"),
    [
        ({"do": "fail", "code": "queue-full"}, "queue-full", 1013),
        ({"do": "fail", "code": "unknown-model"}, "unknown-model", 1008),
        ({"do": "break"}, "internal-error", 1011),
        ("{", "invalid-request", 1008),
        ("[]", "invalid-request", 1008),
        (b"\xff\x00", "invalid-request", 1008),
    ],
)
async def test_an_error_is_told_and_closes_the_socket_with_a_code(
    message: object, told: str, close_code: int
) -> None:
    async with api_server() as (_, url), browser(url) as client:
        async with client.ws_connect("/v1/talk") as talk:
            if isinstance(message, dict):
                await talk.send_json(message)
            elif isinstance(message, str):
                await talk.send_str(message)
            else:
                assert isinstance(message, bytes)
                await talk.send_bytes(message)
            answer = await talk.receive_json()
            assert answer["type"] == "error"
            assert answer["error"]["code"] == told
            assert await ended(talk) == close_code


async def test_half_a_surrogate_pair_is_replaced() -> None:
    async with api_server() as (_, url), browser(url) as client:
        async with client.ws_connect("/v1/talk") as talk:
            await talk.send_str('{"half": "a\\ud800", "whole": "\\ud83d\\ude00"}')
            assert await talk.receive_json() == {"half": "a\ufffd", "whole": "\U0001f600"}


async def test_a_message_that_is_too_long_closes_its_socket_alone() -> None:
    async with api_server() as (_, url), browser(url) as client:
        async with client.ws_connect("/v1/talk") as neighbour:
            async with client.ws_connect("/v1/talk") as talk:
                await talk.send_bytes(bytes((1 << 20) + 1))
                assert await ended(talk) == 1009
            await neighbour.send_json({"still": "here"})
            assert await neighbour.receive_json() == {"still": "here"}


async def test_the_limits_of_http_do_not_cut_a_websocket() -> None:
    async with api_server("--http-silent-seconds", "0.1") as (_, url), browser(url) as client:
        async with client.ws_connect("/v1/talk") as talk:
            await asyncio.sleep(0.4)
            await talk.send_json({"still": "here"})
            assert await talk.receive_json() == {"still": "here"}


async def test_a_silent_websocket_is_told_and_closed() -> None:
    async with api_server("--idle-seconds", "0.2") as (_, url), browser(url) as client:
        async with client.ws_connect("/v1/talk") as talk:
            assert (await talk.receive_json())["error"]["code"] == "request-timeout"
            assert await ended(talk) == 1008


async def test_a_client_that_waits_for_its_answer_is_not_idle() -> None:
    async with api_server("--idle-seconds", "0.2") as (service, url), browser(url) as client:
        service.gate.clear()
        async with client.ws_connect("/v1/talk") as talk:
            await talk.send_json({"do": "work"})
            await asyncio.sleep(0.5)
            service.gate.set()
            assert await talk.receive_json() == {"do": "work"}


CLOSED_WITH_1008 = bytes((0x88, 2)) + (1008).to_bytes(2, "big")


@contextmanager
def talking_by_hand(url: str) -> Iterator[socket.socket]:
    """A WebSocket whose client does nothing by itself."""
    port = int(url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(
            b"GET /v1/talk HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        yield client


def read_until(client: socket.socket, last: bytes) -> None:
    received = b""
    while not received.endswith(last):
        piece = client.recv(1 << 16)
        assert piece, received
        received += piece


async def test_a_client_that_reads_nothing_is_dropped() -> None:
    async with api_server("--send-seconds", "0.2") as (_, url), browser(url) as client:
        with talking_by_hand(url) as slow:
            text = b'{"do": "flood"}'
            slow.sendall(bytes((0x81, 0x80 | len(text))) + bytes(4) + text)  # mask of zeros
            await until(lambda: has_error(slow))
        async with client.get("/v1/hello") as answer:
            assert answer.status == 200


async def test_a_client_that_answers_no_ping_is_dropped() -> None:
    async with api_server("--http-ping-seconds", "0.1") as (_, url), browser(url) as client:
        async with client.ws_connect("/v1/talk") as talk:
            answer = asyncio.create_task(talk.receive_json())  # pings are answered meanwhile
            with talking_by_hand(url) as gone:
                await until(lambda: has_error(gone))
            await talk.send_json({"still": "here"})
            assert await answer == {"still": "here"}


async def test_nothing_is_kept_of_a_conversation_that_the_service_ended() -> None:
    async with api_server() as (_, url):
        with talking_by_hand(url) as talk:
            await until(lambda: any(not one.closed for one in conversations()))
            kept = [weakref.ref(one) for one in conversations() if not one.closed]
            talk.sendall(bytes((0x81, 0x81)) + bytes(4) + b"{")
            await asyncio.to_thread(read_until, talk, CLOSED_WITH_1008)
            talk.sendall(bytes((0x88, 0x80)) + bytes(4))
        async with asyncio.timeout(10):  # less than it takes until a ping would be due
            await until(lambda: gc.collect() >= 0 and not any(one() for one in kept))


def conversations() -> list[web.WebSocketResponse]:
    return [one for one in gc.get_objects() if isinstance(one, web.WebSocketResponse)]


async def answered_and_ended(
    talk: aiohttp.ClientWebSocketResponse,
) -> tuple[dict[str, Any], int | None]:
    """The next message, and the code of the end."""
    answer: dict[str, Any] = await talk.receive_json()
    return answer, await ended(talk)


async def test_idle_websockets_end_with_the_service_and_busy_ones_finish() -> None:
    async with browser("http://127.0.0.1") as client, AsyncExitStack() as stack:
        async with api_server("--drain-seconds", "20") as (service, url):
            idle = await stack.enter_async_context(client.ws_connect(f"{url}/v1/talk"))
            busy = await stack.enter_async_context(client.ws_connect(f"{url}/v1/talk"))
            service.gate.clear()
            await busy.send_json({"do": "work"})
            await until(lambda: service.started == 1)
            idle_ends = asyncio.create_task(ended(idle))
            idle_ends.add_done_callback(lambda _: service.gate.set())
            busy_ends = asyncio.create_task(answered_and_ended(busy))
        assert await idle_ends == aiohttp.WSCloseCode.GOING_AWAY
        assert await busy_ends == ({"do": "work"}, aiohttp.WSCloseCode.GOING_AWAY)


async def test_a_busy_websocket_that_does_not_finish_is_told_so() -> None:
    async with browser("http://127.0.0.1") as client:
        async with api_server("--drain-seconds", "0.1") as (service, url):
            talk = await client.ws_connect(f"{url}/v1/talk")
            service.gate.clear()
            await talk.send_json({"do": "work"})
            await until(lambda: service.started == 1)
            ends = asyncio.create_task(answered_and_ended(talk))
        answer, code = await ends
        assert (answer["error"]["code"], code) == ("not-ready", 1013)


async def test_two_hundred_websockets_are_refused_beyond_the_limit() -> None:
    async with api_server("--http-connections", "40") as (_, url), browser(url) as client:
        async with AsyncExitStack() as stack:
            opened, refused = 0, 0
            for _ in range(200):
                try:
                    await stack.enter_async_context(client.ws_connect("/v1/talk"))
                    opened += 1
                except aiohttp.WSServerHandshakeError as error:
                    assert error.status == 503
                    refused += 1
            assert (opened, refused) == (40, 160)
