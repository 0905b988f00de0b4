"""The models in a folder: looked up when a client asks what there is, loaded when one is wanted."""

import asyncio
import logging
import weakref
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from wyoming_funasr.models import Model, model_in
from wyoming_funasr.pipeline import SpeechPipeline
from wyoming_funasr.requests.models import ServedModel
from wyoming_serving.errors import ErrorCode, ModelMissing, ServiceError
from wyoming_serving.scheduler import call_in_thread

_LOGGER = logging.getLogger(__name__)

Signature = tuple[tuple[str, int, int], ...]
"""Name, time of change (ns) and size of each file of a model."""


class FoundModelsHost(Protocol):
    """What found models need of their service."""

    async def wait_ready(self) -> None:
        """Wait until requests are answered.

        Raises:
            ServiceError: `not-ready`, when that takes too long.
        """

    def serve(self, model: Model, wait_loaded: Callable[[], Awaitable[None]]) -> ServedModel:
        """Returns what answers requests, with a `SpeechPipeline` that waits for its model so."""

    def offer(self, models: Sequence[ServedModel]) -> None:
        """Take note of all that may be asked for now."""

    async def load_found(self, pipeline: SpeechPipeline) -> None:
        """Load a model.

        Raises:
            ServiceError: it cannot be loaded.
        """

    async def forget_found(self, pipeline: SpeechPipeline) -> None:
        """Watch a model no more that was loaded."""


@dataclass(eq=False)
class _Engine:
    """What is loaded, or may be, of one model."""

    model: Model
    signature: Signature
    pipeline: SpeechPipeline | None = None
    loading: asyncio.Task[None] | None = None


@dataclass(frozen=True)
class _Inventory:
    """A folder at one moment."""

    models: Mapping[str, tuple[Model, Signature]]
    broken: Mapping[str, str] = field(default_factory=dict)
    """What is wrong with those that are none, by their names."""


class FoundModels:
    """Offers the models of a folder, and keeps those that were wanted in memory.

    One that goes is offered no more, and leaves memory when the last request has let it go.
    """

    def __init__(
        self, host: FoundModelsHost, folder: Path, taken: Collection[str], wait_seconds: float
    ) -> None:
        """`taken` are names of other models; a request waits `wait_seconds` for its model.

        Raises:
            ServiceError: there is no such folder.
        """
        self._host = host
        self._folder = folder.expanduser()
        self._taken = frozenset(taken)
        self._wait_seconds = wait_seconds
        self._offered: dict[str, tuple[_Engine, ServedModel]] = {}
        self._engines: set[_Engine] = set()
        """The offered ones, and those that somebody still uses."""
        self._told: Mapping[str, str] = {}
        self._failed: dict[str, Signature] = {}
        """Those that could not be loaded; they are tried again when their files change."""
        self._looking: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._finalizers: list[weakref.finalize[..., ServedModel]] = []
        if not self._folder.is_dir():
            raise ModelMissing(f"models_dir {folder} is not a folder")

    @property
    def models(self) -> list[Model]:
        """Those that are offered."""
        return [engine.model for engine, _ in self._offered.values()]

    @property
    def loaded(self) -> list[SpeechPipeline]:
        """The offered ones that are in memory."""
        pipelines = [engine.pipeline for engine, _ in self._offered.values()]
        return [one for one in pipelines if one is not None and one.is_loaded]

    async def refresh(self) -> None:
        """Look at the folder again, once for all who ask at the same time."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="look for models")
        await asyncio.shield(self._looking)

    async def close(self) -> None:
        """Stop; whatever is loaded goes."""
        for finalizer in self._finalizers:
            finalizer.detach()
        tasks = [*self._tasks, *([self._looking] if self._looking else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for engine in list(self._engines):
            await self._unload(engine)

    async def _look(self) -> None:
        inventory = await call_in_thread(partial(_scan, self._folder, self._taken), "models")
        for name, text in inventory.broken.items():
            if self._told.get(name) != text:
                _LOGGER.warning("%s is not offered: %s", self._folder / name, text)
        self._told = inventory.broken
        for name, (engine, _) in list(self._offered.items()):
            found = inventory.models.get(name)
            if found is None or found[1] != engine.signature:
                await self._drop(name, "it has gone" if found is None else "its files have changed")
        for name, (model, signature) in inventory.models.items():
            if name not in self._offered and self._failed.get(name) != signature:
                _LOGGER.info("%s is offered; it is loaded when it is wanted", name)
                self._failed.pop(name, None)
                self._add(model, signature)
        self._host.offer([served for _, served in self._offered.values()])

    def _add(self, model: Model, signature: Signature) -> None:
        engine = _Engine(model, signature)
        served = self._host.serve(model, partial(self._wait_loaded, engine))
        assert isinstance(served.pipeline, SpeechPipeline)
        engine.pipeline = served.pipeline
        self._offered[model.name] = (engine, served)
        self._engines.add(engine)
        loop = asyncio.get_running_loop()
        unload_soon = partial(self._own, self._unload, engine)
        finalizer = weakref.finalize(served, loop.call_soon_threadsafe, unload_soon)
        self._finalizers = [one for one in self._finalizers if one.alive] + [finalizer]

    async def _drop(self, name: str, why: str) -> None:
        _LOGGER.info("%s is offered no more: %s", name, why)
        engine, _ = self._offered.pop(name)
        if engine.pipeline is not None and engine.pipeline.is_loaded:
            await self._host.forget_found(engine.pipeline)

    async def _wait_loaded(self, engine: _Engine) -> None:
        """Wait for a model, which is loaded for all who want it; none of them ends that.

        Raises:
            ServiceError: `not-ready`, that takes too long; or why it cannot be loaded.
        """
        await self._host.wait_ready()
        if engine.loading is None:
            engine.loading = self._own(self._load, engine)
        try:
            async with asyncio.timeout(self._wait_seconds):
                await asyncio.shield(engine.loading)
        except TimeoutError:
            text = f"model {engine.model.name} is still loading; try again"
            raise ServiceError(ErrorCode.NOT_READY, text) from None

    async def _load(self, engine: _Engine) -> None:
        assert engine.pipeline is not None
        name = engine.model.name
        try:
            await self._host.load_found(engine.pipeline)
        except Exception as error:
            engine.loading = None
            if isinstance(error, ServiceError) and error.code is ErrorCode.NOT_READY:
                raise
            why = error.text if isinstance(error, ServiceError) else repr(error)
            _LOGGER.error("%s cannot be loaded, and is offered no more: %s", name, why)
            self._failed[name] = engine.signature
            if self._offered.get(name, (None,))[0] is engine:
                del self._offered[name]
                self._host.offer([served for _, served in self._offered.values()])
            raise ServiceError(ErrorCode.MODEL_INVALID, f"model {name}: {why}") from error
        if self._offered.get(name, (None,))[0] is not engine:  # it went meanwhile
            await self._host.forget_found(engine.pipeline)

    async def _unload(self, engine: _Engine) -> None:
        if engine.loading is not None:
            engine.loading.cancel()
            await asyncio.gather(engine.loading, return_exceptions=True)
        if engine.pipeline is not None and engine.pipeline.is_loaded:
            engine.pipeline.let_go()
            await engine.pipeline.close()
        self._engines.discard(engine)

    def _own(
        self, work: Callable[[_Engine], Awaitable[None]], engine: _Engine
    ) -> asyncio.Task[None]:
        async def run() -> None:
            await work(engine)

        task = asyncio.create_task(run(), name=f"model {engine.model.name}")
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waits has it


def _scan(folder: Path, taken: Collection[str]) -> _Inventory:
    models: dict[str, tuple[Model, Signature]] = {}
    broken: dict[str, str] = {}
    try:
        places = sorted(one for one in folder.iterdir() if one.is_dir() and one.name[0] != ".")
    except OSError as error:
        return _Inventory({}, {"": f"it cannot be read: {error.strerror or error}"})
    for place in places:
        try:
            if place.name in taken:
                raise ModelMissing("another model has its name")
            models[place.name] = model_in(place), _signature(place)
        except ServiceError as error:
            broken[place.name] = error.text
        except OSError as error:
            broken[place.name] = str(error.strerror or error)
    return _Inventory(models, broken)


def _signature(folder: Path) -> Signature:
    files = sorted(one for one in folder.iterdir() if one.is_file())
    return tuple((one.name, (stat := one.stat()).st_mtime_ns, stat.st_size) for one in files)
