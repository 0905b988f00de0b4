"""The routes of `/v1/listen`."""

from collections.abc import Sequence

from aiohttp import web

from wyoming_funasr.api.listen.conversation import Conversation
from wyoming_funasr.api.listen.schema import schema
from wyoming_funasr.api.sessions import ListenHost, ListeningSessions
from wyoming_serving.http.websocket import WebSocket, serve_websocket


class ListenRoutes:
    """The WebSocket, and the schema of its messages."""

    def __init__(self, host: ListenHost, sessions: ListeningSessions) -> None:
        self._host = host
        self._sessions = sessions

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Returns what to add to the application."""
        return [
            web.get("/v1/listen", self._listen),
            web.get("/v1/listen/schema", self._schema),
        ]

    async def _listen(self, request: web.Request) -> web.StreamResponse:
        return await serve_websocket(request, self._converse)

    async def _schema(self, _: web.Request) -> web.StreamResponse:
        return web.json_response(schema())

    async def _converse(self, websocket: WebSocket) -> None:
        async with self._sessions.session():
            await Conversation(self._host, self._sessions, websocket).run()
