"""Following Home Assistant for as long as the service runs."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from wyoming_funasr.home.description import Home
from wyoming_funasr.home.source.access import Access
from wyoming_funasr.home.source.connection import Connection, connected
from wyoming_funasr.home.source.errors import HomeAssistantError, TokenRefused
from wyoming_funasr.home.source.reader import HomeReader
from wyoming_serving.backoff import pause_seconds

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pace:
    """How often Home Assistant is asked, in seconds."""

    settle: float = 1.0
    """After the first sign of a change: one change seldom comes alone."""
    reread: float = 600.0
    """At the latest; a few changes are told by no event."""
    starting: float = 5.0
    """While Home Assistant is starting."""
    first_pause: float = 1.0
    longest_pause: float = 300.0
    refused_pause: float = 60.0
    """The first one after a refused token: Home Assistant warns its user of each attempt."""
    longest_refused_pause: float = 3_600.0

    def pause(self, failures: int, *, refused: bool) -> float:
        """The pause after so many failures in a row, from 1."""
        first = self.refused_pause if refused else self.first_pause
        longest = self.longest_refused_pause if refused else self.longest_pause
        return pause_seconds(failures, first, longest)


class HomeAssistant:
    """Tells of each new description of the home that one Home Assistant has."""

    def __init__(
        self,
        access: Access,
        wait_seconds: float,
        tell: Callable[[Home], Awaitable[None]],
        pace: Pace | None = None,
    ) -> None:
        self._access = access
        self._wait_seconds = wait_seconds
        self._tell = tell
        self._pace = pace or Pace()
        self._told: Home | None = None
        self._failures = 0
        self._logged = ""

    async def follow(self) -> None:
        """Follow until cancelled; whatever goes wrong is logged once and tried again."""
        while True:
            refused = False
            try:
                await self._follow_connection()
            except HomeAssistantError as error:
                refused = isinstance(error, TokenRefused)
                self._log_failure(str(error))
            except Exception:  # of ours: recognition goes on without the home's changes
                _LOGGER.exception("following Home Assistant failed")
            self._failures += 1
            await asyncio.sleep(self._pace.pause(self._failures, refused=refused))

    async def _follow_connection(self) -> None:
        async with connected(self._access, self._wait_seconds) as connection:
            reader = HomeReader(connection, self._wait_seconds)
            await reader.follow()
            while True:
                if not await reader.is_running():
                    await _listen(connection, self._pace.starting)
                    continue
                await self._read(reader, connection.version)
                await _listen(connection, self._pace.reread, reader.changed)
                await _listen(connection, self._pace.settle)

    async def _read(self, reader: HomeReader, version: str) -> None:
        home = await reader.read()
        self._failures, self._logged = 0, ""
        if home != self._told:
            _LOGGER.info(
                "Home Assistant %s tells of %d entities, %d areas, %d floors, %d sentences",
                version, len(home.entities), len(home.areas), len(home.floors), len(home.sentences),
            )  # fmt: skip
            await self._tell(home)
            self._told = home

    def _log_failure(self, problem: str) -> None:
        if problem == self._logged:
            return
        self._logged = problem
        _LOGGER.warning(
            "Home Assistant at %s: %s; what is known of the home stays, and it is tried again",
            self._access.host, problem,
        )  # fmt: skip


async def read_once(access: Access, wait_seconds: float) -> Home:
    """Ask Home Assistant for its home.

    Raises:
        HomeAssistantError: why it does not tell.
    """
    async with connected(access, wait_seconds) as connection:
        return await HomeReader(connection, wait_seconds).read()


async def _listen(
    connection: Connection, seconds: float, until: asyncio.Event | None = None
) -> None:
    """Take messages for so long, or until an event is set by one of them."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while until is None or not until.is_set():
                await connection.listen()
