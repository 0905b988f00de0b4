"""The voices of the cache: what each takes, fetching one, deleting one."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from wyoming_melotts.voices.catalogue import Model
from wyoming_melotts.voices.current import CurrentVoices
from wyoming_melotts.voices.library import VoiceLibrary
from wyoming_serving.errors import ErrorCode, InvalidRequest, ServiceError
from wyoming_serving.scheduler import call_in_thread


@dataclass(frozen=True)
class VoiceModelState:
    """A checkpoint as it lies on disk."""

    model: Model
    voices: Sequence[str]
    is_on_disk: bool
    is_downloading: bool
    bytes_on_disk: int
    """Of itself and of its BERT, so far."""
    is_removable: bool
    """Whether it lies in the cache; what was put in place by hand is not ours to delete."""
    failure: str | None
    """Why its latest download failed."""


class VoiceCare:
    """Downloads and deletes for a person who looks on."""

    def __init__(self, voices: CurrentVoices, library: VoiceLibrary) -> None:
        self._voices = voices
        self._library = library
        self._downloads: dict[str, asyncio.Task[None]] = {}
        self._failures: dict[str, str] = {}

    async def states(self) -> list[VoiceModelState]:
        """Returns every model that is offered, as it is now."""
        await self._voices.refresh()
        models = list(self._voices.inventory.models.values())
        return await call_in_thread(lambda: [self._state(model) for model in models], "voices")

    def download(self, key: str) -> None:
        """Begin to fetch a model, unless that goes on already.

        Raises:
            ServiceError: `unknown-voice`.
        """
        model = self._model(key)
        if key not in self._downloads:
            self._failures.pop(key, None)
            task = asyncio.create_task(self._download(model), name="download of a voice")
            self._downloads[key] = task
            task.add_done_callback(lambda _: self._downloads.pop(key, None))

    async def remove(self, key: str) -> None:
        """Delete a model from the cache, and its BERT where no other one needs it.

        Requests that speak with it now go on, since it is in memory.

        Raises:
            ServiceError: `unknown-voice`; `invalid-request`, it is not in the cache or is being
                downloaded.
        """
        model = self._model(key)
        if key in self._downloads or not self._library.is_removable(model):
            raise InvalidRequest(f"voice {key} is not in the cache, or is being downloaded")
        others = [one for one in self._voices.inventory.models.values() if one != model]
        await call_in_thread(partial(self._library.remove, model, others), "voices")
        await self._voices.refresh()

    async def close(self) -> None:
        """Wait no longer for downloads."""
        tasks = list(self._downloads.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _download(self, model: Model) -> None:
        try:
            await self._voices.ensure_on_disk(model)
        except ServiceError as error:
            self._failures[model.key] = error.text

    def _state(self, model: Model) -> VoiceModelState:
        inventory = self._voices.inventory
        return VoiceModelState(
            model,
            [voice.name for voice in inventory.voices if voice.model.key == model.key],
            is_on_disk=model.key in inventory.on_disk,
            is_downloading=model.key in self._downloads,
            bytes_on_disk=self._library.bytes_on_disk(model),
            is_removable=self._library.is_removable(model),
            failure=self._failures.get(model.key),
        )

    def _model(self, key: str) -> Model:
        model = self._voices.inventory.models.get(key)
        if model is None:
            allowed = ", ".join(self._voices.inventory.models)
            raise ServiceError(
                ErrorCode.UNKNOWN_VOICE, f"there is no voice model {key[:80]!r}; allowed: {allowed}"
            )
        return model
