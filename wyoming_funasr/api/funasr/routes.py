"""The routes of FunASR's protocol."""

from collections.abc import Sequence

from aiohttp import web

from wyoming_funasr.api.funasr.answers import fatal
from wyoming_funasr.api.funasr.conversation import Conversation
from wyoming_funasr.api.funasr.whole import Whole
from wyoming_funasr.api.sessions import ListenHost, ListeningSessions
from wyoming_funasr.api.uploads import Uploads
from wyoming_serving.http.upgrades import UpgradeRoute
from wyoming_serving.http.websocket import WebSocket, serve_websocket

_PATHS = ("/", "/funasr")
"""Its clients know the first alone."""

_PROTOCOLS = ("binary",)


class FunasrRoutes:
    """The WebSockets."""

    def __init__(self, host: ListenHost, sessions: ListeningSessions, uploads: Uploads) -> None:
        self._host = host
        self._sessions = sessions
        self._uploads = uploads

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Returns what to add to the application."""
        return [UpgradeRoute(path, self._answer) for path in _PATHS]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        return await serve_websocket(
            request, self._converse, protocols=_PROTOCOLS, describe_error=fatal
        )

    async def _converse(self, websocket: WebSocket) -> None:
        async with self._sessions.session():
            whole = Whole(self._host, self._uploads, websocket)
            await Conversation(self._host, self._sessions, whole, websocket).run()
