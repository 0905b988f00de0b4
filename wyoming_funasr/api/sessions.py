"""What the protocols that listen have in common: their service, places, time and tasks."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Protocol, TypeVar

from wyoming_funasr.requests.events import EventSink
from wyoming_funasr.requests.feed import AudioFeed
from wyoming_funasr.requests.listening import ListeningSession, ListeningSink
from wyoming_funasr.requests.models import ServedModels
from wyoming_funasr.requests.options import OptionsReader, RequestOptions
from wyoming_funasr.requests.utterance import Utterance
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.http.sessions import SessionLimit
from wyoming_serving.reports import RequestReport

Value = TypeVar("Value")


class ListenHost(Protocol):
    """What a conversation needs of its service."""

    @property
    def settings(self) -> FunasrSettings:
        """Those of the service."""

    @property
    def options(self) -> OptionsReader:
        """Makes the options of a session."""

    @property
    def models(self) -> ServedModels:
        """Those that a client may ask for."""

    def begin_utterance(
        self,
        options: RequestOptions,
        feed: AudioFeed,
        sink: EventSink,
        *,
        is_one_of_many: bool = False,
        client: str | None = None,
    ) -> Utterance:
        """Returns an utterance that takes its audio from a feed and reports to a sink."""

    async def call(self, function: Callable[[], Value]) -> Value:
        """Run a short piece of a session's work in a worker.

        Raises:
            ServiceError: what `function` raises.
        """

    def request_ended(self, client: str, report: RequestReport) -> None:
        """Log and count a request of a client, named by its address."""


class ListeningSessions:
    """The sessions of all clients, whatever protocol they speak."""

    def __init__(self, host: ListenHost) -> None:
        self._host = host
        self._limit = SessionLimit(host.settings.http_sessions)

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[None]:
        """Hold a place while the block runs, as long as a session may last.

        Raises:
            ServiceError: `max-sessions-reached` or `request-timeout`.
        """
        seconds = self._host.settings.max_listen_seconds
        limit = asyncio.timeout(seconds)
        with self._limit.session():
            try:
                async with limit:
                    yield
            except TimeoutError:
                if not limit.expired():
                    raise
                raise ServiceError(
                    ErrorCode.REQUEST_TIMEOUT, f"a session may last {seconds:g} s at most"
                ) from None

    def listen(self, options: RequestOptions, sink: ListeningSink, client: str) -> ListeningSession:
        """Returns a session of the client with this address."""

        def begin(options: RequestOptions, feed: AudioFeed, sink: EventSink) -> Utterance:
            return self._host.begin_utterance(
                options, feed, sink, is_one_of_many=True, client=client
            )

        return ListeningSession(
            begin, options, sink, lambda report: self._host.request_ended(client, report)
        )


async def follow(
    session: ListeningSession, read: Callable[[ListeningSession], Coroutine[Any, Any, bool]]
) -> None:
    """Run a session while `read` takes the client's messages, until either ends.

    `read` returns whether the client, which closed the session, waits for what is left.

    Raises:
        ServiceError: those of `read`.
        ConnectionError: the client left.
    """
    following = asyncio.create_task(session.run(), name="listen")
    reading = asyncio.create_task(read(session), name="read")
    try:
        await asyncio.wait({following, reading}, return_when=asyncio.FIRST_COMPLETED)
        if not reading.done() or reading.result():
            await following
    finally:
        following.cancel()
        reading.cancel()
        await asyncio.gather(following, reading, return_exceptions=True)
