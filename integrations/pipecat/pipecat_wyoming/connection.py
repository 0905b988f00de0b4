"""The connection of a service to its server, for as long as a pipeline lives."""

import asyncio
import json
from abc import abstractmethod
from typing import Any

from pipecat.processors.frame_processor import FrameProcessorSetup
from pipecat.services.ai_service import AIService
from pipecat.services.websocket_service import ReportErrorCallback, WebsocketService
from pipecat.transcriptions.language import Language
from websockets.asyncio.client import ClientConnection
from websockets.protocol import State

from pipecat_wyoming.server import headers, websocket_url


class ServerConnection(AIService, WebsocketService):
    """What the services of both directions have in common; stands before their base class."""

    _report_error: ReportErrorCallback

    def __init__(self, *, url: str, path: str, token: str | None, **kwargs: Any) -> None:
        """Take the server's URL, the route on it, and a bearer token; the rest is passed on."""
        super().__init__(**kwargs)
        self._url = websocket_url(url, path)
        self._headers = headers(token)
        self._receive_task: asyncio.Task[None] | None = None
        self._is_ready = asyncio.Event()

    def can_generate_metrics(self) -> bool:
        """Whether the service measures itself: it does."""
        return True

    def language_to_service_language(self, language: Language) -> str | None:
        """Return the tag of a language."""
        return str(language)

    async def setup(self, setup: FrameProcessorSetup) -> None:
        """Connect."""
        await super().setup(setup)
        await self._connect()

    @property
    def _open_socket(self) -> ClientConnection | None:
        socket: ClientConnection | None = self._websocket
        return socket if socket is not None and socket.state is State.OPEN else None

    @abstractmethod
    def _start_message(self) -> dict[str, Any]:
        """Return the message with which a session begins."""

    def _forget_session(self) -> None:
        """Forget what counts within one connection."""
        self._is_ready.clear()

    async def _note_ready(self) -> None:
        """Take note that the server has answered the start."""
        if not self._is_ready.is_set():
            self._is_ready.set()
            await self._call_event_handler("on_connected")

    async def _connect(self) -> None:
        await super()._connect()
        await self._connect_websocket()
        if self._receive_task is None:  # it connects again, where this failed
            self._receive_task = self.create_task(self._receive_task_handler(self._report_error))

    async def _disconnect(self) -> None:
        await super()._disconnect()
        if self._receive_task is not None:
            await self.cancel_task(self._receive_task)
            self._receive_task = None
        await self._disconnect_websocket()

    async def _connect_websocket(self) -> None:
        if self._open_socket is not None:
            return
        self._websocket = None
        self._forget_session()
        try:
            socket = await self._websocket_connect(self._url, additional_headers=self._headers)
            await socket.send(json.dumps(self._start_message()))
            self._websocket = socket  # whatever is sent from here on comes behind the start
        except Exception as error:
            await self.push_error(f"{self._url} cannot be reached: {error}", exception=error)
            await self._call_event_handler("on_connection_error", str(error))

    async def _disconnect_websocket(self) -> None:
        self._forget_session()
        socket, self._websocket = self._websocket, None
        if socket is not None:
            await self.stop_all_metrics()
            await socket.close()
            await self._call_event_handler("on_disconnected")
