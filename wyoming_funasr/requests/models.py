"""The models that answer requests, and choosing one of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from wyoming_funasr.audio.utterance import UtteranceAudio
from wyoming_funasr.recognition.home import HomeContext
from wyoming_funasr.recordings.transcription import RecordingPipeline
from wyoming_funasr.requests.languages import advertised_tags
from wyoming_funasr.requests.speculation import SpeculationOutcome
from wyoming_serving.audio import Samples
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.excerpts import excerpt
from wyoming_serving.job_queue import JobTiming


class Pipeline(RecordingPipeline, Protocol):
    """The workers and the model, as utterances and recordings need them."""

    async def open(self) -> UtteranceAudio:
        """Begin an utterance, once the model is loaded.

        Raises:
            ServiceError: `not-ready`, when that takes too long.
        """

    async def accept(
        self,
        audio: UtteranceAudio,
        decode: Callable[[], Samples],
        *,
        last: bool,
        timing: JobTiming | None = None,
    ) -> None:
        """Compute features and voice activity of an utterance's next audio.

        `decode` is called in a worker.

        Raises:
            QueueFull: `queue-full`.
        """

    def count_speculation(self, outcome: SpeculationOutcome) -> None:
        """Count a recognition that was begun ahead."""


@dataclass(frozen=True)
class ServedModel:
    """One of the models of a service, with what it needs to answer a request."""

    name: str
    program: str
    """Of the info message, by which a Wyoming client selects it."""
    languages: tuple[str, ...]
    pipeline: Pipeline
    hotwords: Callable[[], Sequence[str]]
    """Returns the words that count for every request, at its time."""
    home: Callable[[str | None], HomeContext | None]
    """Returns what is known of the home, for a client's language; None where no home is known."""

    @property
    def tags(self) -> list[str]:
        """Language tags that a client may ask for."""
        return advertised_tags(self.languages)


class ServedModels:
    """The models of a service, of which the first answers who asks for none."""

    def __init__(self, models: Sequence[ServedModel]) -> None:
        self._always = {model.name: model for model in models}
        self._models = self._always

    def __iter__(self) -> Iterator[ServedModel]:
        return iter(self._models.values())

    def offer_also(self, models: Sequence[ServedModel]) -> None:
        """Offer these beside the first ones, and no more those that were offered so before."""
        self._models = {**self._always, **{model.name: model for model in models}}

    @property
    def default(self) -> ServedModel:
        """The first one."""
        return next(iter(self))

    @property
    def names(self) -> str:
        """What may be asked for, in words."""
        return ", ".join(self._models)

    def named(self, name: str | None) -> ServedModel:
        """Returns the model of a name; None is the first one.

        Raises:
            ServiceError: `unknown-model`, which says what is allowed.
        """
        if name is None:
            return self.default
        if name not in self._models:
            raise ServiceError(
                ErrorCode.UNKNOWN_MODEL,
                f"model {excerpt(name)} is not loaded; allowed: {self.names}",
                param="model",
            )
        return self._models[name]

    def of_program(self, program: str | None) -> ServedModel:
        """Returns the model of a program in the info message; None is the first one."""
        return next((one for one in self if one.program == program), self.default)
