"""The voices within a Python program, without a server: see docs/speak-api.md."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import AsyncExitStack, aclosing
from types import TracebackType
from typing import Self

from wyoming_melotts.requests.speaking import Speaking
from wyoming_melotts.requests.text_stream import TextFormat, TextStream, whole_text
from wyoming_melotts.service import MelottsService
from wyoming_melotts.settings import MelottsSettings
from wyoming_melotts.spoken import SpeechEvent
from wyoming_melotts.voices import Voice
from wyoming_melotts.voices.selection import VoiceRequest
from wyoming_serving.errors import ServiceError
from wyoming_serving.service import loaded


class Speaker:
    """Loads a voice when it is entered; speaks any number of texts, also side by side."""

    def __init__(self, **settings: object) -> None:
        """Take settings by their names (docs/configuration.md), as the server takes flags.

        Raises:
            SettingsError: a setting is unknown or wrong; the text names it.
            ServiceError: a voice's name, the folder of voices or the home's file is wrong.
        """
        self._settings = MelottsSettings.named(**settings)
        self._service = MelottsService(self._settings)
        self._open = AsyncExitStack()

    @property
    def sample_rate_hz(self) -> int:
        """The rate of the audio, which is 16-bit mono."""
        return self._settings.sample_rate_hz

    async def __aenter__(self) -> Self:
        """Load the engine and the default voice.

        Raises:
            ServiceError: they cannot be had.
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

    async def speak(
        self,
        text: str | AsyncIterable[str],
        *,
        voice: str | None = None,
        language: str | None = None,
        speed: float = 1.0,
    ) -> AsyncGenerator[SpeechEvent, None]:
        """Yields the sentences of a text and their audio with words, as they are computed.

        A text may come in pieces; each sentence is spoken once it is complete. Without a voice and
        a language the text decides. `speed` is relative to the settings'.

        Raises:
            ServiceError: there is no such voice, the text is too long, or too much waits.
        """
        wanted = VoiceRequest(voice, language)
        chosen = None if wanted == VoiceRequest() else self._service.choose_voice(wanted)
        most = self._settings.max_text_length
        if isinstance(text, str):
            stream = whole_text(text, most, TextFormat.PLAIN)
            async with aclosing(self._spoken(stream, chosen, speed)) as events:
                async for event in events:
                    yield event
            return
        stream = TextStream(most)
        filling = asyncio.create_task(_fill(stream, text), name="text")
        try:
            async with aclosing(self._spoken(stream, chosen, speed)) as events:
                async for event in events:
                    yield event
            await filling
        finally:
            filling.cancel()
            await asyncio.gather(filling, return_exceptions=True)

    def _spoken(
        self, text: TextStream, voice: Voice | None, speed: float
    ) -> AsyncGenerator[SpeechEvent, None]:
        return Speaking(self._service, self._settings).events(text, voice, speed)


async def _fill(stream: TextStream, pieces: AsyncIterable[str]) -> None:
    """Push all pieces; what they raise is raised again by whoever awaits this."""
    try:
        async for piece in pieces:
            stream.push(piece)
    except ServiceError as error:
        stream.fail(error)
    finally:
        stream.end()
