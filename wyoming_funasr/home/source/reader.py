"""Reading a home over one connection, and noticing that it changed."""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from wyoming_funasr.home.description import Home
from wyoming_funasr.home.source.answers import Answers, home_from
from wyoming_funasr.home.source.connection import Connection
from wyoming_funasr.home.source.errors import CommandFailed, HomeAssistantError, TokenRefused

_ASSISTANT = "conversation"
"""Assist, as the list of exposed entities calls it."""

_REGISTRY_EVENTS = (
    "entity_registry_updated",
    "device_registry_updated",
    "area_registry_updated",
    "floor_registry_updated",
)

_BATCH = 200
"""Entities in one message: parsing what comes back must not hold up the event loop."""

_ENTITY_ID = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")


class HomeReader:
    """Reads the home over one connection; `changed` is set when it should be read again."""

    def __init__(self, connection: Connection, wait_seconds: float) -> None:
        self.changed = asyncio.Event()
        self._connection = connection
        self._wait_seconds = wait_seconds
        self._exposed: frozenset[str] = frozenset()
        self._friendly_names: dict[str, str | None] = {}
        self._subscriptions: list[int] = []
        self._untold: set[str] = set()
        """Batches, by their first entity, of which no states have come yet."""

    async def follow(self) -> None:
        """Be told when names, areas, aliases or what is exposed change.

        Exposing an entity without a unique id, and a new trigger sentence, are told by no event:
        these are found when the home is read again.
        """
        for event_type in _REGISTRY_EVENTS:
            await self._connection.subscribe(
                "subscribe_events", lambda _: self.changed.set(), event_type=event_type
            )

    async def is_running(self) -> bool:
        """Whether Home Assistant has started; before that it does not know all its entities."""
        config = await self._connection.call("get_config")
        return isinstance(config, Mapping) and config.get("state") == "RUNNING"

    async def read(self) -> Home:
        """Ask for all that makes the home.

        Raises:
            HomeAssistantError: something of it could not be read.
        """
        self.changed.clear()
        exposed = await self._read_exposed()
        if exposed != self._exposed:
            await self._follow_states(exposed)
        answers = Answers(
            version=self._connection.version,
            floors=await self._optional("config/floor_registry/list"),
            areas=await self._connection.call("config/area_registry/list"),
            devices=await self._connection.call("config/device_registry/list"),
            entities=await self._read_entries(exposed),
            friendly_names=dict(sorted(self._friendly_names.items())),
            sentences=await self._optional("conversation/sentences/list"),
        )
        return await asyncio.to_thread(home_from, answers)

    async def _read_exposed(self) -> frozenset[str]:
        try:
            told = await self._connection.call("homeassistant/expose_entity/list")
        except CommandFailed as error:
            if error.code != "unauthorized":
                raise
            raise TokenRefused("the token's user must be an administrator") from None
        entities = told.get("exposed_entities") if isinstance(told, Mapping) else None
        if not isinstance(entities, Mapping):
            raise HomeAssistantError("its list of exposed entities has no known form")
        return frozenset(
            entity_id
            for entity_id, assistants in entities.items()
            if isinstance(assistants, Mapping)
            and assistants.get(_ASSISTANT) is True
            and _ENTITY_ID.fullmatch(entity_id)
        )

    async def _read_entries(self, exposed: Iterable[str]) -> dict[str, object]:
        entries: dict[str, object] = {}
        for batch in _batches(exposed):
            told = await self._connection.call(
                "config/entity_registry/get_entries", entity_ids=batch
            )
            if isinstance(told, Mapping):
                entries.update(told)
        return entries

    async def _optional(self, command: str) -> object:
        """The answer to a command that older versions lack; None from those."""
        try:
            return await self._connection.call(command)
        except CommandFailed as error:
            if error.code != "unknown_command":
                raise
            return None

    async def _follow_states(self, exposed: frozenset[str]) -> None:
        """Subscribe to the states of these entities, for their names, and wait for the first."""
        while self._subscriptions:
            await self._connection.unsubscribe(self._subscriptions.pop())
        self._friendly_names, self._exposed = {}, exposed
        for batch in _batches(exposed):
            self._untold.add(batch[0])
            handler = partial(self._states_changed, batch[0])
            self._subscriptions.append(
                await self._connection.subscribe("subscribe_entities", handler, entity_ids=batch)
            )
        try:
            async with asyncio.timeout(self._wait_seconds):
                while self._untold:
                    await self._connection.listen()
        except TimeoutError:
            raise HomeAssistantError(f"no states in {self._wait_seconds:g} s") from None

    def _states_changed(self, batch: str, event: Mapping[str, Any]) -> None:
        """Take the names from an event of `subscribe_entities`.

        `a` are states that are new, `c` what changed of known ones (`+` added, `-` removed) and `r`
        the states that went; within a state `a` are its attributes.
        """
        before = len(self._friendly_names)
        renamed = False
        for entity_id, state in _mapping(event.get("a")).items():
            renamed |= self._friendly_names.get(entity_id) != _friendly_name(state)
            self._friendly_names[entity_id] = _friendly_name(state)
        for entity_id, change in _mapping(event.get("c")).items():
            added = _mapping(_mapping(change).get("+"))
            if "friendly_name" in _mapping(added.get("a")):
                renamed |= self._friendly_names.get(entity_id) != _friendly_name(added)
                self._friendly_names[entity_id] = _friendly_name(added)
        removed = event.get("r")
        for entity_id in removed if isinstance(removed, list) else []:
            self._friendly_names.pop(str(entity_id), None)
        if batch in self._untold:
            self._untold.discard(batch)  # these are the states that there were
        elif renamed or len(self._friendly_names) != before:
            self.changed.set()


def _friendly_name(state: object) -> str | None:
    name = _mapping(_mapping(state).get("a")).get("friendly_name")
    return name if isinstance(name, str) else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _batches(entity_ids: Iterable[str]) -> Iterator[list[str]]:
    ordered = sorted(entity_ids)
    return (ordered[start : start + _BATCH] for start in range(0, len(ordered), _BATCH))
