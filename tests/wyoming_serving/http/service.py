"""A service with an API to ask: it answers, fails, waits and talks as it is told."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

from tests.support.http import free_port
from tests.wyoming_serving.echo import EchoService, settings
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.http.api import API
from wyoming_serving.http.bodies import read_json
from wyoming_serving.http.websocket import Turn, WebSocket, serve_websocket
from wyoming_serving.reports import RequestReport
from wyoming_serving.service import running

TOKEN = "0123456789abcdef-token"
OTHER_MACHINE = ("127.0.0.2", 0)
"""An address of this machine that counts as another's, as programs do not have it by default."""


class ApiService(EchoService):
    def routes(self) -> Sequence[web.AbstractRouteDef]:
        return [
            web.get("/v1/hello", self._hello),
            web.post("/v1/echo", self._echo_body),
            web.get("/v1/fail/{code}", self._fail),
            web.get("/v1/broken", self._broken),
            web.get("/v1/break-off", self._break_off),
            web.get("/v1/wait", self._wait),
            web.get("/v1/talk", self._talk),
        ]

    async def _hello(self, _: web.Request) -> web.Response:
        return web.json_response({"hello": "you"})

    async def _echo_body(self, request: web.Request) -> web.Response:
        return web.json_response(await read_json(request, 1000))

    async def _fail(self, request: web.Request) -> web.Response:
        code = ErrorCode(request.match_info["code"])
        raise ServiceError(code, "as you like it", param="code")

    async def _broken(self, _: web.Request) -> web.Response:
        raise KeyError("a defect")

    async def _break_off(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"half of it")
        raise ServiceError(ErrorCode.ENGINE_FAILED, "in the middle")

    async def _wait(self, request: web.Request) -> web.Response:
        with request.app[API].reported(request, RequestReport("wait")):
            self.running += 1
            try:
                await self.gate.wait()
            finally:
                self.running -= 1
        return web.Response(text="waited")

    async def _talk(self, request: web.Request) -> web.WebSocketResponse:
        return await serve_websocket(request, self._converse, protocols=["talk"])

    async def _converse(self, websocket: WebSocket) -> None:
        while (message := await websocket.receive_json()) is not None:
            self.started += 1
            if message.get("do") == "fail":
                raise ServiceError(ErrorCode(str(message["code"])), "as you like it")
            if message.get("do") == "break":
                raise KeyError("a defect")
            if message.get("do") == "flood":
                while True:
                    await websocket.send(bytes(1 << 20))
            if message.get("do") == "work":
                websocket.turn = Turn.SERVER
                await self.gate.wait()
                websocket.turn = Turn.NOBODY
            await websocket.send(message)


@asynccontextmanager
async def api_server(
    *words: str, page_shelf: Path | None = None
) -> AsyncIterator[tuple[ApiService, str]]:
    """A running service and the address of its API."""
    port = free_port()
    service = ApiService(settings("--http-port", str(port), *words))
    service.page_shelf = page_shelf
    async with running(service):
        yield service, f"http://127.0.0.1:{port}"


@asynccontextmanager
async def browser(
    url: str, address: tuple[str, int] | None = None
) -> AsyncIterator[aiohttp.ClientSession]:
    """A client, of another machine where it has such an address."""
    connector = aiohttp.TCPConnector(local_addr=address)
    async with aiohttp.ClientSession(
        url, connector=connector, timeout=aiohttp.ClientTimeout(20)
    ) as session:
        yield session


async def error_of(answer: aiohttp.ClientResponse) -> tuple[int, str]:
    """The status and the code of an answer that is an error."""
    content = await answer.json()
    assert set(content) == {"error"}
    assert set(content["error"]) == {"message", "type", "param", "code"}
    return answer.status, content["error"]["code"]


async def ended(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    """Reads to the end; returns the code with which the server closed."""
    async with asyncio.timeout(20):
        async for _ in socket:
            pass
    return socket.close_code
