"""Errors of the API have one shape, and its requests end with the service."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.support.http import fetch_status
from tests.support.waiting import until
from tests.wyoming_serving.http.service import OTHER_MACHINE, api_server, browser, error_of
from wyoming_serving.errors import ErrorCode


async def test_errors_have_the_shape_of_openais() -> None:
    async with api_server() as (_, url), browser(url) as client:
        async with client.get("/v1/fail/queue-full") as answer:
            assert answer.status == 503
            assert answer.headers["Retry-After"] == "1"
            assert await answer.json() == {
                "error": {
                    "message": "as you like it",
                    "type": "server_error",
                    "param": "code",
                    "code": "queue-full",
                }
            }
        async with client.get("/v1/nothing") as answer:
            assert await error_of(answer) == (404, "not-found")
        async with client.delete("/v1/hello") as answer:
            assert await error_of(answer) == (405, "method-not-allowed")
        for code in ErrorCode:
            async with client.get(f"/v1/fail/{code}") as answer:
                status, told = await error_of(answer)
                assert told == code and 400 <= status <= 503


async def test_a_defect_is_logged_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    async with api_server() as (_, url), browser(url) as client:
        async with client.get("/v1/broken") as answer:
            assert await error_of(answer) == (500, "internal-error")
            assert "defect" not in await answer.text()
    assert "a defect" in caplog.text


async def test_an_answer_that_breaks_off_does_not_look_whole() -> None:
    async with api_server() as (_, url), browser(url) as client:
        with pytest.raises(aiohttp.ClientError):
            async with client.get("/v1/break-off") as answer:
                await answer.read()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"a": 1}', (200, None)),
        (b"", (400, "invalid-request")),
        (b"[]", (400, "invalid-request")),
        (b"\xff", (400, "invalid-request")),
        (b"[" * 900, (400, "invalid-request")),
        (b"x" * 1001, (413, "body-too-large")),
    ],
)
async def test_a_body_must_be_what_the_route_takes(
    body: bytes, told: tuple[int, str | None]
) -> None:
    async with api_server() as (_, url), browser(url) as client:
        async with client.post("/v1/echo", data=body) as answer:
            if told[1] is None:
                assert answer.status == told[0]
            else:
                assert await error_of(answer) == told


async def test_a_body_whose_length_is_not_told_is_bounded_too() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b" " * 100

    async with api_server() as (_, url), browser(url) as client:
        async with client.post("/v1/echo", data=pieces()) as answer:
            assert await error_of(answer) == (413, "body-too-large")


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("gzip", gzip.compress(bytes(1 << 20))), ("gzip", b"{}"), ("br", b"{}"), ("x" * 500, b"{}")],
)
async def test_a_body_must_not_be_compressed(encoding: str, body: bytes) -> None:
    async with api_server() as (_, url), browser(url) as client:
        headers = {"Content-Encoding": encoding}
        async with client.post("/v1/echo", data=body, headers=headers) as answer:
            assert await error_of(answer) == (400, "invalid-request")
            assert "must not be compressed" in await answer.text()


async def test_a_body_that_does_not_come_is_given_up() -> None:
    async with api_server("--http-silent-seconds", "0.2") as (_, url):
        port = int(url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b'POST /v1/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"a"')
        async with asyncio.timeout(20):
            assert b" 408 " in await reader.readline()
        writer.transport.abort()


async def test_one_address_has_its_share_of_the_connections() -> None:
    async with api_server("--http-connections-per-address", "2") as (_, url):
        async with browser(url, OTHER_MACHINE) as other, browser(url) as own:
            talks = [await other.ws_connect("/v1/talk") for _ in range(2)]
            async with other.get("/v1/hello") as answer:
                assert await error_of(answer) == (503, "too-many-connections")
            async with own.get("/v1/hello") as answer:
                assert answer.status == 200
            await talks[0].close()


async def test_requests_are_counted_however_they_end() -> None:
    async with api_server() as (service, url), browser(url) as client:
        port = int(url.rpartition(":")[2])
        async with client.get("/v1/wait") as answer:
            assert await answer.text() == "waited"
        service.gate.clear()
        leaving = asyncio.create_task(client.get("/v1/wait").__aenter__())
        await until(lambda: service.running == 1)
        leaving.cancel()
        await until(lambda: service.running == 0)
        assert (await fetch_status(port))["state"] == "ready"


async def test_a_request_under_way_may_finish_when_the_service_ends() -> None:
    async with browser("http://127.0.0.1") as client:
        async with api_server("--drain-seconds", "20") as (service, url):
            service.gate.clear()
            asking = asyncio.create_task(client.get(f"{url}/v1/wait").__aenter__())
            await until(lambda: service.running == 1)
            asyncio.get_running_loop().call_later(0.1, service.gate.set)
        answer = await asking
        assert await answer.text() == "waited"


async def test_a_request_that_does_not_finish_is_cut_off() -> None:
    async with browser("http://127.0.0.1") as client:
        async with api_server("--drain-seconds", "0.1") as (service, url):
            service.gate.clear()
            asking = asyncio.create_task(client.get(f"{url}/v1/wait").__aenter__())
            await until(lambda: service.running == 1)
        with pytest.raises(aiohttp.ClientError):
            await asking
