"""What is listened for in a session, and how it changes."""

from collections.abc import Callable

from wyoming_funasr.api.listen.commands import (
    Cancel,
    Command,
    Configure,
    Endpointing,
    Flush,
    Listening,
)
from wyoming_funasr.requests.listening import ListeningSession
from wyoming_funasr.requests.models import ServedModels
from wyoming_funasr.requests.options import OptionsReader, RequestOptions
from wyoming_funasr.settings import FunasrSettings


def session_options(
    listening: Listening, settings: FunasrSettings, models: ServedModels, reader: OptionsReader
) -> RequestOptions:
    """Returns the options of utterances in a session.

    Raises:
        ServiceError: `unknown-model` or `unsupported-language`.
    """
    silence_ms: int | None = settings.endpoint_silence_ms
    if isinstance(listening.endpointing, Endpointing):
        silence_ms = listening.endpointing.silence_ms
    elif not listening.endpointing:
        silence_ms = None
    return reader.build(
        models.named(listening.model),
        language=listening.language,
        names=listening.names,
        silence_ms=silence_ms,
        partials=listening.partials,
        preflight=True,
    )


class Steering:
    """Does to a session what is said between the audio."""

    def __init__(
        self,
        session: ListeningSession,
        listening: Listening,
        options: Callable[[Listening], RequestOptions],
    ) -> None:
        """`listening`: what the session began with."""
        self._session = session
        self._listening = listening
        self._options = options

    async def obey(self, command: Command) -> None:
        """Do what a command says.

        Raises:
            ServiceError: it asks for what there is not, and changes nothing.
        """
        match command:
            case Configure():
                await self._configure(command)
            case Flush():
                await self._session.flush()
            case Cancel():
                await self._session.cancel()

    async def _configure(self, change: Configure) -> None:
        listening = self._listening.changed(change)
        options = self._options(listening)
        self._listening = listening
        await self._session.configure(options)
