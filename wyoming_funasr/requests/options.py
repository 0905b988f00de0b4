"""What a client asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wyoming_funasr.recognition.hotwords import Hotword, merge_hotwords
from wyoming_funasr.requests.languages import model_language
from wyoming_funasr.requests.models import ServedModel, ServedModels
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.errors import InvalidEvent

_MAX_HOTWORD_CHARACTERS = 200
_SHOWN_CHARACTERS = 40
"""Of a wrong value, in the error that names it."""


@dataclass(frozen=True)
class RequestOptions:
    """The options of one request, checked, with the settings' defaults filled in."""

    model: ServedModel
    """Which answers."""
    language_tag: str | None
    """As the client wrote it: `zh-TW`."""
    language: str
    """What the model is told: `zh`."""
    hotwords: tuple[Hotword, ...]
    silence_ms: int | None
    """Silence that ends the utterance; None leaves its end to the client."""
    partials: bool = False
    """Whether the text so far is reported while a person speaks."""
    preflight: bool = False
    """Whether it is reported what was recognized ahead."""
    use_itn: bool = True
    """Whether numbers are written as digits, and punctuation at all."""


class OptionsReader:
    """Reads `transcribe` events by the settings and the models."""

    def __init__(self, settings: FunasrSettings, models: ServedModels) -> None:
        self._settings = settings
        self._models = models

    def read(self, data: dict[str, Any], program: str | None = None) -> RequestOptions:
        """The options in an event's data; none at all are the defaults.

        `program` is the one that the client selected, whose model answers if no other is named.

        Raises:
            ServiceError: names the field, what was given and what is allowed.
        """
        name = _text(data, "name")
        most = self._settings.max_hotwords
        return self.build(
            self._models.of_program(program) if name is None else self._models.named(name),
            language=_text(data, "language"),
            names=_words(data, "transcript_names", most),
            terms=_words(data, "transcript_terms", most),
            silence_ms=self._silence_ms(_text(data, "vad_sensitivity")),
            partials=self._settings.partial_transcripts,
        )

    def build(
        self,
        model: ServedModel,
        *,
        language: str | None,
        names: Sequence[str],
        terms: Sequence[str] = (),
        silence_ms: int | None,
        partials: bool,
        preflight: bool = False,
        use_itn: bool = True,
    ) -> RequestOptions:
        """The options that a client asks for; `language` is its tag, and `use_itn` may turn off
        what the settings leave on.

        Raises:
            ServiceError: `unsupported-language`.
        """
        settings = self._settings
        return RequestOptions(
            model=model,
            language_tag=language,
            language=model_language(language, settings.language, model.languages),
            hotwords=merge_hotwords(
                settings.hotword_weight,
                model.hotwords(),
                names[: settings.max_hotwords],
                terms[: settings.max_hotwords],
                settings.max_hotwords,
            ),
            silence_ms=silence_ms if settings.endpointing else None,
            partials=partials,
            preflight=preflight,
            use_itn=use_itn and settings.use_itn,
        )

    def _silence_ms(self, sensitivity: str | None) -> int:
        settings = self._settings
        known = {
            None: settings.endpoint_silence_ms,
            "default": settings.endpoint_silence_ms,
            "relaxed": settings.endpoint_silence_relaxed_ms,
            "aggressive": settings.endpoint_silence_aggressive_ms,
        }
        if sensitivity not in known:
            raise InvalidEvent(
                "transcribe: vad_sensitivity must be default, relaxed or aggressive, "
                f"got {_shown(sensitivity)}"
            )
        return known[sensitivity]


def _text(data: dict[str, Any], name: str) -> str | None:
    value = data.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidEvent(f"transcribe: {name} must be text, got {type(value).__name__}")
    return value


def dialog_context(data: dict[str, Any]) -> dict[str, Any]:
    """What the client wants back with the transcript: the context of its dialog.

    Raises:
        InvalidEvent: it is no object.
    """
    value = data.get("context") or {}
    if not isinstance(value, dict):
        raise InvalidEvent(f"transcribe: context must be an object, got {type(value).__name__}")
    return value


def _words(data: dict[str, Any], name: str, most: int) -> list[str]:
    """The first `most` words of a list; the others are not looked at, however many they are."""
    value = data.get(name) or []
    if not isinstance(value, list):
        raise InvalidEvent(f"transcribe: {name} must be a list of texts")
    words = value[:most]
    if not all(isinstance(word, str) for word in words):
        raise InvalidEvent(f"transcribe: {name} must be a list of texts")
    if any(len(word) > _MAX_HOTWORD_CHARACTERS for word in words):
        raise InvalidEvent(
            f"transcribe: {name} may have words of at most {_MAX_HOTWORD_CHARACTERS} characters"
        )
    return words


def _shown(text: str | None) -> str:
    return repr((text or "")[:_SHOWN_CHARACTERS])
