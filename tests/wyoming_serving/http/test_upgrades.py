"""One path for WebSockets and for a page."""

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from wyoming_serving.http.upgrades import UpgradeRoute


async def _page(_: web.Request) -> web.Response:
    return web.Response(text="page")


async def _socket(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await socket.send_str("socket")
    await socket.close()
    return socket


async def test_each_request_finds_its_own() -> None:
    app = web.Application()
    app.add_routes([UpgradeRoute("/", _socket), web.get("/", _page)])
    app.add_routes([UpgradeRoute("/alone", _socket)])
    async with TestServer(app) as server, aiohttp.ClientSession(server.make_url("/")) as client:
        async with client.ws_connect("/") as socket:
            assert await socket.receive_str() == "socket"
        async with client.get("/") as answer:
            assert await answer.text() == "page"
        async with client.head("/") as answer:
            assert answer.status == 200
        async with client.post("/") as answer:
            assert answer.status == 405
        for ask in (client.get, client.post):
            async with ask("/alone") as answer:
                assert answer.status == 404
        async with client.ws_connect("/alone") as socket:
            assert await socket.receive_str() == "socket"
