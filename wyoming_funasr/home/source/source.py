"""What is known of the home at this moment, and being told when it changes."""

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Iterable
from importlib import import_module
from pathlib import Path
from typing import TypeVar

from wyoming_funasr.home.description import Area, Floor, Home, read_home
from wyoming_funasr.home.source.access import Access, access_from
from wyoming_funasr.home.source.kept import keep
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.errors import ServiceError

_LOGGER = logging.getLogger(__name__)

KEPT = "home-assistant.yaml"
"""In the cache folder: what Home Assistant told last."""

_Item = TypeVar("_Item")


class HomeSource:
    """The home from `home.yaml`, from Home Assistant, or from both.

    It never fails and is never waited for: what goes wrong is a line in the log.
    """

    def __init__(
        self, file: Path | None, access: Access | None, kept: Path, wait_seconds: float
    ) -> None:
        self._file = file
        self._access = access
        self._kept = kept
        self._wait_seconds = wait_seconds
        self._from_file = Home()
        self._home: Home | None = None
        self._changed = asyncio.Event()
        self._following: asyncio.Task[None] | None = None

    def current(self) -> Home | None:
        """The home as it is known now; None while nothing is known."""
        return self._home

    async def changes(self) -> AsyncIterator[Home]:
        """Each home as it becomes known, beginning with the current one; for one consumer.

        A consumer that takes its time misses homes in between, never the last one.
        """
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._home is not None:
                yield self._home

    def start(self) -> None:
        """Begin to read and to follow, in a task of its own."""
        self._following = asyncio.create_task(self._follow(), name="home source")

    async def close(self) -> None:
        """Stop following."""
        if self._following is not None:
            self._following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._following
            self._following = None

    async def _follow(self) -> None:
        if self._file is not None:
            try:
                self._from_file = await asyncio.to_thread(read_home, self._file)
                self._set(self._from_file)
            except ServiceError as error:
                _LOGGER.error("the home is not known from its file: %s", error)
        if self._access is None:
            return
        if self._kept.is_file():
            try:
                self._set(joined(self._from_file, await asyncio.to_thread(read_home, self._kept)))
            except ServiceError as error:
                _LOGGER.warning("what was kept of the home is not used: %s", error)
        # importing aiohttp would hold up the event loop
        await asyncio.to_thread(import_module, "wyoming_funasr.home.source.home_assistant")
        from wyoming_funasr.home.source.home_assistant import HomeAssistant

        await HomeAssistant(self._access, self._wait_seconds, self._take).follow()

    async def _take(self, told: Home) -> None:
        self._set(joined(self._from_file, told))
        try:
            await asyncio.to_thread(keep, told, self._kept)
        except OSError as error:
            _LOGGER.warning("the home cannot be kept in %s: %s", self._kept, error.strerror)

    def _set(self, home: Home) -> None:
        if home != self._home:
            self._home = home
            self._changed.set()


def home_source(settings: FunasrSettings) -> HomeSource | None:
    """The source that the settings name; None where they name none."""
    access = access_from(settings, os.environ)
    if settings.home is None and access is None:
        return None
    kept = settings.cache_dir.expanduser() / KEPT
    return HomeSource(settings.home, access, kept, settings.home_assistant_wait_seconds)


def joined(first: Home, second: Home) -> Home:
    """Both homes as one; floors and areas of one name are the same place."""
    return Home(
        floors=_floors(first.floors + second.floors),
        areas=_areas(first.areas + second.areas),
        entities=_united(first.entities, second.entities),
        lists=tuple({**dict(second.lists), **dict(first.lists)}.items()),
        sentences=_united(first.sentences, second.sentences),
    )


def _floors(floors: Iterable[Floor]) -> tuple[Floor, ...]:
    found: dict[str, Floor] = {}
    for floor in floors:
        known = found.get(floor.name, floor)
        found[floor.name] = Floor(floor.name, _united(known.aliases, floor.aliases))
    return tuple(found.values())


def _areas(areas: Iterable[Area]) -> tuple[Area, ...]:
    found: dict[str, Area] = {}
    for area in areas:
        known = found.get(area.name, area)
        aliases = _united(known.aliases, area.aliases)
        found[area.name] = Area(area.name, aliases, known.floor or area.floor)
    return tuple(found.values())


def _united(first: tuple[_Item, ...], second: tuple[_Item, ...]) -> tuple[_Item, ...]:
    """Both without repetitions, in their order."""
    return tuple(dict.fromkeys(first + second))
