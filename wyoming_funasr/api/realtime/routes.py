"""The route of OpenAI's Realtime API."""

from collections.abc import Sequence

from aiohttp import web

from wyoming_funasr.api.openai.parameters import asked_model
from wyoming_funasr.api.realtime.answers import fatal
from wyoming_funasr.api.realtime.conversation import Conversation
from wyoming_funasr.api.sessions import ListenHost, ListeningSessions
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.excerpts import excerpt
from wyoming_serving.http.access import offered_protocols
from wyoming_serving.http.websocket import WebSocket, serve_websocket

_PROTOCOLS = ("realtime",)
_BETA_PROTOCOL = "openai-beta.realtime-v1"
_BETA = "realtime=v1"


class RealtimeRoutes:
    """The WebSocket."""

    def __init__(self, host: ListenHost, sessions: ListeningSessions) -> None:
        self._host = host
        self._sessions = sessions

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Returns what to add to the application."""
        return [web.get("/v1/realtime", self._answer)]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        intent = request.query.get("intent")
        if intent != "transcription":
            raise ServiceError(
                ErrorCode.NOT_SUPPORTED,
                f"intent must be transcription, got {excerpt(intent)}",
                param="intent",
            )
        model = self._host.models.default
        if "model" in request.query:
            model = asked_model(request.query["model"], self._host.models)
        is_beta = _BETA in request.headers.get("OpenAI-Beta", "") or (
            _BETA_PROTOCOL in offered_protocols(request)
        )

        async def converse(websocket: WebSocket) -> None:
            async with self._sessions.session():
                conversation = Conversation(
                    self._host, self._sessions, websocket, model, is_beta=is_beta
                )
                await conversation.run()

        return await serve_websocket(request, converse, protocols=_PROTOCOLS, describe_error=fatal)
