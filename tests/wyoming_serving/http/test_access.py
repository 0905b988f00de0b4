"""Who may use the API of a running service."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from tests.support.http import fetch
from tests.wyoming_serving.echo import settings
from tests.wyoming_serving.http.service import (
    OTHER_MACHINE,
    TOKEN,
    ApiService,
    api_server,
    browser,
    error_of,
)
from wyoming_serving.service import serve

BEARER = {"Authorization": f"Bearer {TOKEN}"}
PAGE = "http://home.example:8123"


@pytest.fixture
def tokens(tmp_path: Path) -> str:
    file = tmp_path / "tokens"
    file.write_text(f"# who has which\n\n{TOKEN}  # the tablet\nanother-token-of-mine\n")
    return str(file)


async def test_this_machine_needs_no_token() -> None:
    async with api_server() as (_, url), browser(url) as client:
        async with client.get("/v1/hello") as answer:
            assert (answer.status, await answer.json()) == (200, {"hello": "you"})


async def test_a_token_of_the_file_is_needed_where_there_is_one(tokens: str) -> None:
    async with api_server("--http-token-file", tokens) as (_, url), browser(url) as client:
        for headers in ({}, {"Authorization": "Bearer wrong-wrong-wrong-wrong"},
                        {"Authorization": f"Basic {TOKEN}"}):  # fmt: skip
            async with client.get("/v1/hello", headers=headers) as answer:
                assert await error_of(answer) == (401, "token-refused")
                assert answer.headers["WWW-Authenticate"] == "Bearer"
        async with client.get("/v1/nothing") as answer:
            assert await error_of(answer) == (401, "token-refused")
        for token in (TOKEN, "another-token-of-mine"):
            async with client.get(
                "/v1/hello", headers={"Authorization": f"bearer {token}"}
            ) as answer:
                assert answer.status == 200


async def test_health_status_and_metrics_ask_for_none(tokens: str) -> None:
    async with api_server("--http-token-file", tokens) as (_, url):
        port = int(url.rpartition(":")[2])
        for path in ("/health", "/health/live", "/status", "/metrics"):
            assert (await fetch(port, path))[0] == 200


async def test_a_websocket_has_its_token_in_a_header_or_as_a_subprotocol(tokens: str) -> None:
    async with api_server("--http-token-file", tokens) as (_, url), browser(url) as client:
        with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
            await client.ws_connect("/v1/talk")
        async with client.ws_connect("/v1/talk", headers=BEARER) as socket:
            assert socket.protocol is None
        async with client.ws_connect("/v1/talk", protocols=[f"bearer.{TOKEN}"]) as socket:
            assert socket.protocol == f"bearer.{TOKEN}"
        async with client.ws_connect("/v1/talk", protocols=["talk", f"bearer.{TOKEN}"]) as socket:
            assert socket.protocol == "talk"
            await socket.send_json({"say": "yes"})
            assert await socket.receive_json() == {"say": "yes"}


async def test_where_other_hosts_reach_the_port_the_api_is_closed_until_a_setting_opens_it(
    tokens: str, caplog: pytest.LogCaptureFixture
) -> None:
    everywhere = ("--http-host", "0.0.0.0")
    async with api_server(*everywhere) as (_, url), browser(url) as client:
        async with client.get("/v1/hello") as answer:
            assert await error_of(answer) == (403, "api-closed")
        async with client.get("/health") as answer:
            assert answer.status == 200
    assert caplog.text.count("the API is closed") == 1
    async with api_server(*everywhere, "--http-open") as (_, url), browser(url) as client:
        async with client.get("/v1/hello") as answer:
            assert answer.status == 200
    async with api_server(*everywhere, "--http-token-file", tokens) as (_, url):
        async with browser(url) as client, client.get("/v1/hello", headers=BEARER) as answer:
            assert answer.status == 200
    assert caplog.text.count("the API is closed") == 1


@pytest.mark.parametrize("path", ["/v1/hello", "/v1/talk"])
async def test_pages_of_other_hosts_may_not_ask_unless_they_are_named(path: str) -> None:
    async with api_server("--http-origins", f"{PAGE}, http://b.example") as (_, url):
        async with browser(url) as client:
            for origin in ("http://evil.example", "null", f"{PAGE}9"):
                async with client.get(path, headers={"Origin": origin}) as answer:
                    assert await error_of(answer) == (403, "origin-refused")
                    assert "Access-Control-Allow-Origin" not in answer.headers
            async with client.get("/v1/hello", headers={"Origin": url}) as answer:
                assert answer.status == 200
                assert "Access-Control-Allow-Origin" not in answer.headers
            async with client.get("/v1/fail/not-found", headers={"Origin": PAGE}) as answer:
                assert await error_of(answer) == (404, "not-found")
                assert answer.headers["Access-Control-Allow-Origin"] == PAGE


async def test_a_browser_asks_first_whether_its_page_may(tokens: str) -> None:
    asking = {"Access-Control-Request-Method": "POST"}
    words = ("--http-token-file", tokens, "--http-origins", PAGE)
    async with api_server(*words) as (_, url), browser(url) as client:
        async with client.options("/v1/echo", headers=asking | {"Origin": PAGE}) as answer:
            assert answer.status == 204
            assert answer.headers["Access-Control-Allow-Origin"] == PAGE
            assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
        async with client.options("/v1/echo", headers=asking | {"Origin": "http://b"}) as answer:
            assert await error_of(answer) == (403, "origin-refused")


async def test_a_name_that_was_made_to_lead_here_is_refused_without_a_token(tokens: str) -> None:
    rebound = {"Host": "evil.example:9090", "Origin": "http://evil.example:9090"}
    async with api_server() as (_, url), browser(url) as client:
        async with client.get("/v1/hello", headers=rebound) as answer:
            assert await error_of(answer) == (403, "origin-refused")
    async with api_server("--http-token-file", tokens) as (_, url), browser(url) as client:
        async with client.get("/v1/hello", headers=rebound | BEARER) as answer:
            assert answer.status == 200


async def test_clients_outside_of_the_allowed_networks_are_refused() -> None:
    async with api_server("--allowed-networks", "10.0.0.0/8") as (_, url):
        async with browser(url, OTHER_MACHINE) as client:
            async with client.get("/v1/hello") as answer:
                assert await error_of(answer) == (403, "address-refused")
            async with client.get("/health") as answer:
                assert answer.status == 200


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (None, "cannot be read"),
        (b"", "holds no token"),
        (b"# nothing\n", "holds no token"),
        (b"0123456789abcdef\nshort\n", "line 2: a token has 16 to 512"),
        (b"secret secret secret\n", "line 1: a token has"),
        (b"\xff\xff", "cannot be read: is not UTF-8"),
    ],
)
async def test_a_wrong_token_file_ends_the_service_with_one_line_that_shows_no_token(
    content: bytes | None, part: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "tokens"
    if content is not None:
        file.write_bytes(content)
    service = ApiService(settings("--http-port", "1", "--http-token-file", str(file)))
    assert await serve(service) == 1
    assert f"http_token_file {file}: {part}" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("name", ["Host", "Origin"])
async def test_a_name_that_is_none_is_refused(name: str) -> None:
    async with api_server() as (_, url), browser(url) as client:
        headers = {name: "[127.0.0.1" if name == "Host" else "http://[127.0.0.1"}
        async with client.get("/v1/hello", headers=headers) as answer:
            assert await error_of(answer) == (403, "origin-refused")


async def test_a_token_that_is_no_text_is_refused(tokens: str) -> None:
    async with api_server("--http-token-file", tokens) as (service, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", service.settings.http_port)
        head = b"GET /v1/hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        writer.write(head + b"Authorization: Bearer \xff\r\n\r\n")
        async with asyncio.timeout(20):
            assert (await reader.read()).startswith(b"HTTP/1.1 401 ")
        writer.close()
