"""What is offered now, kept up with the disk off the event loop."""

import asyncio
import logging
from functools import partial

from wyoming_melotts.settings import MelottsSettings
from wyoming_melotts.voices.catalogue import Model, Voice
from wyoming_melotts.voices.library import Inventory, VoiceLibrary
from wyoming_melotts.voices.selection import (
    VoiceRequest,
    choose_voice,
    default_voice,
    find_voice,
    fitting_voice,
)
from wyoming_serving.errors import ServiceError
from wyoming_serving.scheduler import call_in_thread

_LOGGER = logging.getLogger(__name__)


class CurrentVoices:
    """The inventory that requests choose from, and the voice of those that name none."""

    def __init__(self, library: VoiceLibrary, settings: MelottsSettings) -> None:
        """Look at the disk once.

        Raises:
            ServiceError: the name of a voice or the folder of voices is wrong.
        """
        self._library = library
        self._settings = settings
        self._looking: asyncio.Task[None] | None = None
        self._downloads: dict[str, asyncio.Task[None]] = {}
        self.inventory: Inventory = library.scan()
        self.default = default_voice(settings.voice, self.inventory, offline=settings.offline)
        self.preloaded = [find_voice(name, self.inventory) for name in settings.preload]

    def choose(self, wanted: VoiceRequest) -> Voice:
        """The voice that a request asks for.

        Raises:
            ServiceError: code `unknown-voice` or `unsupported-language`.
        """
        return choose_voice(wanted, self.inventory, self.default)

    def fitting(self, text: str) -> Voice:
        """The voice for a text whose request named none."""
        return fitting_voice(text, self.inventory, self.default)

    async def refresh(self) -> None:
        """Look at the disk again, once for all who ask at the same time.

        Where it holds something wrong, what was known stays.
        """
        if self._looking is None:
            self._looking = asyncio.create_task(self._look(), name="look for voices")
            self._looking.add_done_callback(self._has_looked)
        await asyncio.shield(self._looking)

    async def ensure_on_disk(self, model: Model) -> None:
        """Fetch what a model lacks, once for all who wait; a caller's end does not end it.

        Raises:
            ModelMissing: it cannot be had.
        """
        if model.key in self.inventory.on_disk:
            return
        task = self._downloads.get(model.key)
        if task is None:
            task = asyncio.create_task(self._download(model), name="download")
            self._downloads[model.key] = task
            task.add_done_callback(lambda _: self._downloads.pop(model.key, None))
        await asyncio.shield(task)

    async def close(self) -> None:
        """Wait no longer for downloads; the threads that fetch end with the process."""
        tasks = [*self._downloads.values(), *([self._looking] if self._looking else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self) -> None:
        try:
            inventory = await call_in_thread(self._library.scan, "voices")
            default = self._default_in(inventory)
        except ServiceError as error:
            _LOGGER.warning("the voices on disk are wrong: %s", error.text)
            return
        self.inventory, self.default = inventory, default

    def _default_in(self, inventory: Inventory) -> Voice:
        """The same default as before while it is there, with the files that it has now."""
        if inventory.has(self.default):
            return find_voice(self.default.name, inventory)
        if self._settings.voice is not None:
            return self.default  # its error names it
        return default_voice(None, inventory, offline=self._settings.offline)

    def _has_looked(self, _: asyncio.Task[None]) -> None:
        self._looking = None

    async def _download(self, model: Model) -> None:
        await call_in_thread(partial(self._library.fetch, model), "download")
        await self.refresh()
