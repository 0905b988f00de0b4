"""A stand-in for Home Assistant's ingress: a proxy that shows a service below a path of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from tests.support.http import free_port

SUPERVISOR = "127.0.0.2"
"""An address of this machine that counts as another's; the real one is 172.30.32.2."""

PREFIX = "/api/hassio_ingress/0123456789abcdef"

_OF_A_CONNECTION = {"host", "connection", "upgrade", "transfer-encoding", "content-length"}


@asynccontextmanager
async def ingress(service_url: str) -> AsyncIterator[str]:
    """Yields the address of a service's page below the proxy."""
    connector = aiohttp.TCPConnector(local_addr=(SUPERVISOR, 0))
    async with aiohttp.ClientSession(service_url, connector=connector) as upstream:

        async def forward(request: web.Request) -> web.StreamResponse:
            path = "/" + request.match_info["path"]
            if request.headers.get("Upgrade", "").lower() == "websocket":
                return await _forward_websocket(request, upstream, path)
            return await _forward(request, upstream, path)

        app = web.Application(client_max_size=1 << 24)
        app.router.add_route("*", PREFIX + "/{path:.*}", forward)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        port = free_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            yield f"http://127.0.0.1:{port}{PREFIX}/"
        finally:
            await runner.cleanup()


def _headers(request: web.Request) -> dict[str, str]:
    kept = {
        name: value
        for name, value in request.headers.items()
        if name.lower() not in _OF_A_CONNECTION and not name.lower().startswith("sec-websocket")
    }
    return kept | {"X-Ingress-Path": PREFIX}


async def _forward(
    request: web.Request, upstream: aiohttp.ClientSession, path: str
) -> web.StreamResponse:
    body = await request.read()
    async with upstream.request(
        request.method, path, headers=_headers(request), data=body or None
    ) as answer:
        headers = {n: v for n, v in answer.headers.items() if n.lower() not in _OF_A_CONNECTION}
        response = web.StreamResponse(status=answer.status, headers=headers)
        await response.prepare(request)
        async for piece in answer.content.iter_any():
            await response.write(piece)
        await response.write_eof()
        return response


async def _forward_websocket(
    request: web.Request, upstream: aiohttp.ClientSession, path: str
) -> web.StreamResponse:
    inner = web.WebSocketResponse()
    await inner.prepare(request)
    async with upstream.ws_connect(path, headers=_headers(request)) as outer:
        await asyncio.wait(
            [asyncio.create_task(_copy(inner, outer)), asyncio.create_task(_copy(outer, inner))],
            return_when=asyncio.FIRST_COMPLETED,
        )
        await outer.close()
    await inner.close()
    return inner


_Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def _copy(source: _Socket, target: _Socket) -> None:
    async for message in source:
        if message.type is aiohttp.WSMsgType.TEXT:
            await target.send_str(message.data)
        elif message.type is aiohttp.WSMsgType.BINARY:
            await target.send_bytes(message.data)
