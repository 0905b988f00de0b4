"""Keeps what is known of the home: built in the background, built again when the home changes."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from functools import cache, partial
from typing import Protocol

from wyoming_funasr.home.context import UtteranceHome
from wyoming_funasr.home.description import Home, names_of
from wyoming_funasr.home.knowledge import Knowledge
from wyoming_funasr.home.sounds import phones
from wyoming_funasr.recognition.home import Tokens
from wyoming_serving.memory import large_structure, without_full_collections
from wyoming_serving.scheduler import BatchLimits, Scheduler, each

_LOGGER = logging.getLogger(__name__)


class HomeSource(Protocol):
    """Where a home is known from. It never fails: what goes wrong is a line in the log."""

    def start(self) -> None:
        """Begin to read."""

    def changes(self) -> AsyncIterator[Home]:
        """Each home as it becomes known, beginning with the current one."""

    async def close(self) -> None:
        """Stop reading."""


class HomeKeeper:
    """The knowledge of one home in the languages that are spoken in it, for each model.

    A language is built when it is first wanted. Until it is ready, and while it is built again,
    recognition goes on with what there is.
    """

    def __init__(
        self, source: HomeSource, languages: Iterable[str], samples: int | None = None
    ) -> None:
        """`languages`: those to build from the start; `samples` as `Knowledge` takes them."""
        self._samples = samples
        self._source = source
        self._wanted = dict.fromkeys(languages)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._home: Home | None = None
        self._models: dict[str, Tokens | None] = {}
        self._known: Mapping[str, Mapping[str, Knowledge]] = {}
        self._built: dict[tuple[str, str], Home] = {}
        """The home that was last built for a model, in a language."""
        self._stale = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._builder: Scheduler[partial[Knowledge], Knowledge] = Scheduler(
            each(lambda build: build()), BatchLimits(max_jobs=1), name="home"
        )

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that are ready for every model."""
        known = self._known.values()
        return tuple(one for one in self._wanted if known and all(one in each for each in known))

    @property
    def home(self) -> Home:
        """The home as it was last read; empty before."""
        return self._home or Home()

    @property
    def names(self) -> tuple[str, ...]:
        """What is in the home, for recognizers that listen for hotwords alone."""
        home = self.home
        lists = (home.entities, home.areas, home.floors)
        return tuple(name for entries in lists for one in entries for name in names_of(one))

    def start(self, models: Mapping[str, Tokens | None]) -> None:
        """Begin to follow the home for models, each with its tokens; for one without, it is known
        to judge texts."""
        for model, tokens in models.items():
            self.add(model, tokens)
        self._loop = asyncio.get_running_loop()
        self._builder.start()
        self._source.start()
        self._tasks = [
            asyncio.create_task(self._follow(), name="home changes"),
            asyncio.create_task(self._build(), name="home knowledge"),
        ]

    def add(self, model: str, tokens: Tokens | None) -> None:
        """Know the home for one more model."""
        self._models[model] = tokens
        self._known = {**self._known, model: {}}
        self._stale.set()

    def remove(self, model: str) -> None:
        """Forget what is known for a model."""
        self._models.pop(model, None)
        self._known = {name: known for name, known in self._known.items() if name != model}
        self._built = {key: home for key, home in self._built.items() if key[0] != model}

    async def close(self) -> None:
        """Stop; what is known stays as it is."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._source.close()
        await self._builder.close()

    def context(self, model: str, tag: str | None) -> UtteranceHome:
        """The home for an utterance that a model hears, with a language tag, as it is known now."""
        return UtteranceHome(self._known.get(model, {}), tag, self._want_soon)

    def _want_soon(self, language: str) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._want, language)

    def _want(self, language: str) -> None:
        """Somebody speaks a language: know the home in it from now on."""
        if language not in self._wanted:
            self._wanted[language] = None
            self._stale.set()

    async def _follow(self) -> None:
        async for home in self._source.changes():
            self._home = home
            self._stale.set()

    async def _build(self) -> None:
        while True:
            await self._stale.wait()
            self._stale.clear()
            home = self._home
            for language in tuple(self._wanted) if home is not None else ():
                if home is None or self._home is not home:
                    continue
                built, models = self._built, self._models
                stale = {
                    name: models[name] for name in models if built.get((name, language)) is not home
                }
                built.update(dict.fromkeys(((name, language) for name in stale), home))
                if stale:
                    await self._build_one(home, language, stale)

    async def _build_one(
        self, home: Home, language: str, models: Mapping[str, Tokens | None]
    ) -> None:
        started = time.monotonic()
        try:
            for model, tokens in models.items():
                build = partial(_build, home, language, tokens, self._samples)
                knowledge = await self._builder.submit(build)
                if model in self._known:
                    known = {**self._known[model], language: knowledge}
                    self._known = {**self._known, model: known}
        except Exception as error:
            _LOGGER.error("the home is not known in %s: %r", language, error)
            _LOGGER.debug("where it failed", exc_info=True)
            return
        names, took = len(home.entities), time.monotonic() - started
        _LOGGER.info("the home is known in %s: %d entities, %.1f s", language, names, took)


def _build(home: Home, language: str, tokens: Tokens | None, samples: int | None) -> Knowledge:
    _read_sentences(language)
    with without_full_collections():
        return Knowledge(home, [language], tokens, samples)


@cache
def _read_sentences(language: str) -> None:
    """Read what homes have in common: a language's sentences, and how its words sound.

    It is large and stays, so it is exempt from garbage collection. What is a home's own comes and
    goes: it is little enough to be collected while the event loop waits.
    """
    with large_structure():
        Knowledge(Home(), [language], None, samples=1)
        phones("字")
