"""Listening within a Python program, without a server: see docs/python.md."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Coroutine
from contextlib import AsyncExitStack
from functools import partial
from types import TracebackType
from typing import Self

from wyoming_funasr.api.listen.answers import Answer
from wyoming_funasr.api.listen.commands import Command, Listening
from wyoming_funasr.api.listen.steering import Steering, session_options
from wyoming_funasr.api.listen.translation import refusal, translated
from wyoming_funasr.requests.listening import ListeningEvent, ListeningSession
from wyoming_funasr.service import FunasrService
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.audio import PcmFormat
from wyoming_serving.errors import ServiceError
from wyoming_serving.service import loaded

_MAX_UNREAD = 16


class Recognizer:
    """Loads a model when it is entered; listens to any number of streams, side by side."""

    def __init__(self, **settings: object) -> None:
        """Take settings by their names (docs/configuration.md), as the server takes flags.

        What costs time is done when it is entered.

        Raises:
            SettingsError: a setting is unknown or wrong; the text names it.
            ServiceError: the model's name, the hotword file or the home is wrong.
        """
        self._service = FunasrService(FunasrSettings.named(**settings))
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Load the model, after a download where it must be: seconds to minutes.

        Raises:
            ServiceError: it cannot be had (`model-missing`), or does not run here.
        """
        await self._open.enter_async_context(loaded(self._service))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Free everything."""
        await self._open.aclose()

    async def listen(
        self,
        audio: AsyncIterable[bytes | Command],
        listening: Listening | None = None,
        *,
        rate_hz: int = 16_000,
        channels: int = 1,
    ) -> AsyncGenerator[Answer, None]:
        """Yields what is said in a stream of audio, any number of utterances, until it ends.

        `audio`: bytes of 16-bit little-endian PCM, split anywhere, of `channels` (1 to 8)
        interleaved at `rate_hz` (8000 to 48000 Hz). It is read as fast as it is recognized: at
        most 5 s of it wait. Commands between the bytes take effect at their place, or are refused
        by an `error` among the answers. What the stream raises is raised here, behind the answers
        to what it said before. `listening`: what to listen for at first.

        Answers are the messages of `/v1/listen` (docs/listen-websocket.md) but `ready`. Utterances
        count from 1; times are in milliseconds from the first sample of `audio`; confidences are
        from 0 to 1. An utterance that fails is an `error` with its number, and the next goes on.

        Raises:
            ServiceError: the rate or the number of channels (`invalid-event`), the model
                (`unknown-model`) or the language (`unsupported-language`) is not possible.
        """
        pcm = PcmFormat.checked(rate_hz, 2, channels)
        wanted = listening or Listening()
        options = partial(
            session_options,
            settings=self._service.settings,
            models=self._service.models,
            reader=self._service.options,
        )
        answers = _Answers()
        begin = partial(self._service.begin_utterance, is_one_of_many=True)
        session = ListeningSession(begin, options(wanted), answers, lambda _: None)
        steering = Steering(session, wanted, options)
        hearing = _hear(audio, pcm, session, steering, answers)
        running = asyncio.create_task(answers.finish(_run(session, hearing)), name="listen")
        try:
            async for answer in answers:
                yield answer
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


class _Answers:
    """Takes the events of a session, which waits while `_MAX_UNREAD` of them are not read."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Answer | Exception | None] = asyncio.Queue(_MAX_UNREAD)

    async def take(self, utterance: int, event: ListeningEvent) -> None:
        """See `ListeningSink.take`."""
        await self._queue.put(translated(utterance, event))

    async def refuse(self, error: ServiceError) -> None:
        """Tell that a command was refused."""
        await self._queue.put(refusal(error))

    async def finish(self, work: Coroutine[None, None, None]) -> None:
        """Do all the work; its end, or what it raises, is the end of the answers."""
        try:
            await work
        except Exception as failure:
            await self._queue.put(failure)
        else:
            await self._queue.put(None)

    async def __aiter__(self) -> AsyncGenerator[Answer, None]:
        while (answer := await self._queue.get()) is not None:
            if isinstance(answer, Exception):
                raise answer
            yield answer


async def _hear(
    audio: AsyncIterable[bytes | Command],
    pcm: PcmFormat,
    session: ListeningSession,
    steering: Steering,
    answers: _Answers,
) -> None:
    """Give a session all that a stream says."""
    try:
        async for said in audio:
            if isinstance(said, bytes):
                await session.accept(pcm, said)
                continue
            try:
                await steering.obey(said)
            except ServiceError as error:
                await answers.refuse(error)
    finally:
        session.close()


async def _run(session: ListeningSession, hearing: Coroutine[None, None, None]) -> None:
    """Run a session until all that is heard is answered."""
    heard = asyncio.create_task(hearing, name="hear")
    try:
        await session.run()
        await heard
    finally:
        heard.cancel()
        await asyncio.gather(heard, return_exceptions=True)
