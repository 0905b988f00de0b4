"""A stand-in for Home Assistant's WebSocket API: one home, and ways to misbehave."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

TOKEN = "long-lived-token-0123456789"


@dataclass
class Registries:
    """What the stand-in tells; every field is sent as it is."""

    floors: Any = field(default_factory=list)
    areas: Any = field(default_factory=list)
    devices: Any = field(default_factory=list)
    entities: dict[str, Any] = field(default_factory=dict)
    exposed: Any = field(default_factory=dict)
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The attributes of each state."""
    sentences: Any = field(default_factory=list)

    def add_entity(self, entity_id: str, name: str | None, **entry: Any) -> None:
        """Add an exposed entity with its registry entry and its state."""
        self.entities[entity_id] = {"entity_id": entity_id, "aliases": [None], **entry}
        self.exposed[entity_id] = {"conversation": True}
        self.states[entity_id] = {} if name is None else {"friendly_name": name}


class HomeAssistant:
    """The server; its fields may be changed while it runs."""

    def __init__(self) -> None:
        self.home = Registries()
        self.version = "2026.11.0"
        self.state = "RUNNING"
        self.http_status: int | None = None
        """Refuse WebSockets with it."""
        self.token = TOKEN
        self.stalls: set[str] = set()
        """Commands, or `auth`, that are never answered."""
        self.closes: set[str] = set()
        """Commands, or `auth`, at which the connection is closed."""
        self.sends: dict[str, str | bytes] = {}
        """What is sent in place of the answer to a command, or to `auth`."""
        self.errors: dict[str, str] = {}
        """The code with which a command is refused."""
        self.url = ""
        self.connections = 0
        """How many there were."""
        self.commands: list[str] = []
        """All that were received; each connection begins with `auth`."""
        self._sockets: dict[web.WebSocketResponse, dict[int, dict[str, Any]]] = {}

    async def fire(self, event_type: str) -> None:
        """Send an event to those who subscribed to it."""
        for socket, subscriptions in self._sockets.items():
            for number, told in subscriptions.items():
                if told.get("event_type") == event_type:
                    event = {"event_type": event_type, "data": {}}
                    await socket.send_json({"id": number, "type": "event", "event": event})

    async def rename_state(self, entity_id: str, name: str) -> None:
        """Change a state's friendly name and tell of it."""
        self.home.states[entity_id] = {"friendly_name": name}
        change = {"c": {entity_id: {"+": {"a": {"friendly_name": name}}}}}
        await self.send_states(entity_id, change)

    async def remove_state(self, entity_id: str) -> None:
        """Remove a state and tell of it."""
        del self.home.states[entity_id]
        await self.send_states(entity_id, {"r": [entity_id]})

    async def send_states(self, entity_id: str, event: Any) -> None:
        """Send an event to those who follow an entity's state."""
        for socket, subscriptions in self._sockets.items():
            for number, told in subscriptions.items():
                if entity_id in told.get("entity_ids", ()):
                    await socket.send_json({"id": number, "type": "event", "event": event})

    async def send_text(self, text: str) -> None:
        """Send a message to everybody."""
        for socket in self._sockets:
            await socket.send_str(text)

    async def drop(self) -> None:
        """Close all connections."""
        for socket in list(self._sockets):
            await socket.close()

    def reads(self) -> int:
        """How often the home was asked for."""
        return self.commands.count("homeassistant/expose_entity/list")

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection."""
        self.connections += 1
        if self.http_status is not None:
            return web.Response(status=self.http_status)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "auth_required", "ha_version": self.version})
        told = await socket.receive_json()
        if not await self._misbehaves(socket, "auth"):
            if told != {"type": "auth", "access_token": self.token}:
                await socket.send_json({"type": "auth_invalid", "message": "no"})
                await socket.close()
                return socket
            await socket.send_json({"type": "auth_ok", "ha_version": self.version})
        self._sockets[socket] = {}
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._answer(socket, message.json())
        finally:
            del self._sockets[socket]
        return socket

    async def _answer(self, socket: web.WebSocketResponse, told: dict[str, Any]) -> None:
        command, number = told["type"], told["id"]
        if await self._misbehaves(socket, command):
            return
        if command in self.errors:
            error = {"code": self.errors[command], "message": "no"}
            answer = {"id": number, "type": "result", "success": False, "error": error}
            await socket.send_json(answer)
            return
        result = self._result(command, told)
        await socket.send_json({"id": number, "type": "result", "success": True, "result": result})
        if command.startswith("subscribe_"):
            self._sockets[socket][number] = told
        if command == "unsubscribe_events":
            del self._sockets[socket][told["subscription"]]
        if command == "subscribe_entities":
            states = self.home.states
            there = {one: {"a": states[one]} for one in told["entity_ids"] if one in states}
            await socket.send_json({"id": number, "type": "event", "event": {"a": there}})

    async def _misbehaves(self, socket: web.WebSocketResponse, command: str) -> bool:
        self.commands.append(command)
        if command in self.closes:
            await socket.close()
        elif command in self.sends:
            sent = self.sends[command]
            await (socket.send_str(sent) if isinstance(sent, str) else socket.send_bytes(sent))
        return command in self.stalls | self.closes | self.sends.keys()

    def _result(self, command: str, told: dict[str, Any]) -> Any:
        match command:
            case "get_config":
                return {"state": self.state}
            case "homeassistant/expose_entity/list":
                return {"exposed_entities": self.home.exposed}
            case "config/entity_registry/get_entries":
                return {one: self.home.entities.get(one) for one in told["entity_ids"]}
            case "conversation/sentences/list":
                return {"trigger_sentences": self.home.sentences}
            case _ if command.startswith("config/"):
                return getattr(self.home, command.split("/")[1].removesuffix("_registry") + "s")
            case _:
                return None


@asynccontextmanager
async def home_assistant() -> AsyncIterator[HomeAssistant]:
    """Run a stand-in on a loopback port."""
    server = HomeAssistant()
    app = web.Application()
    app.router.add_get("/api/websocket", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.url = f"http://{host}:{port}"
    try:
        yield server
    finally:
        async with asyncio.timeout(10):
            await server.drop()
            await runner.cleanup()
