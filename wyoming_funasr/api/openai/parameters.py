"""The fields of a transcription request, checked.

Source: https://platform.openai.com/docs/api-reference/audio/createTranscription
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from wyoming_funasr.requests.languages import model_language
from wyoming_funasr.requests.models import ServedModel, ServedModels
from wyoming_serving.errors import InvalidRequest, ServiceError
from wyoming_serving.excerpts import excerpt

STAND_INS = (
    "whisper-1",
    "gpt-transcribe",
    "gpt-live-transcribe",
    "gpt-realtime-whisper",
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
)
"""Models of OpenAI's that clients ask for because they know no others: our first one answers."""

_MAX_NAME_CHARACTERS = 50
"""A longer part of a prompt is prose, not a name."""

_BETWEEN_NAMES = re.compile(r"[,;\n，、；。]")

Fields = Mapping[str, Sequence[str]]
"""A form's values by field; `name[]` and `name` are the same field."""


class ResponseFormat(StrEnum):
    """What the answer looks like."""

    JSON = "json"
    TEXT = "text"
    VERBOSE_JSON = "verbose_json"
    SRT = "srt"
    VTT = "vtt"


class Granularity(StrEnum):
    """What has times in the answer."""

    WORD = "word"
    SEGMENT = "segment"


@dataclass(frozen=True)
class Parameters:
    """What a client asks for."""

    model: ServedModel
    language_tag: str | None
    """As the client wrote it: `zh-TW`."""
    language: str
    """What the model is told: `zh`."""
    languages: tuple[str, ...]
    """Those that `auto` may mean; none are what the settings say."""
    names: tuple[str, ...]
    format: ResponseFormat
    granularities: tuple[Granularity, ...]
    stream: bool


def read_parameters(fields: Fields, models: ServedModels, default_language: str) -> Parameters:
    """Returns the checked fields.

    Raises:
        ServiceError: `invalid-request`, `unknown-model` or `unsupported-language`; its `param`
            names the field.
    """
    model = asked_model(_one(fields, "model"), models)
    _check_temperature(_one(fields, "temperature"))
    chosen = _choice(ResponseFormat, _one(fields, "response_format") or "json", "response_format")
    stream = _is_true(_one(fields, "stream"), "stream")
    if stream and chosen not in (ResponseFormat.JSON, ResponseFormat.TEXT):
        raise InvalidRequest(
            f"stream: response_format {chosen} cannot be streamed; allowed: json, text",
            param="stream",
        )
    tag = _one(fields, "language")
    return Parameters(
        model=model,
        language_tag=tag,
        language=_language(tag, default_language, model.languages, "language"),
        languages=_languages(fields, model.languages),
        names=names_in(_one(fields, "prompt") or "", fields.get("keywords", ())),
        format=chosen,
        granularities=_granularities(fields, chosen),
        stream=stream,
    )


def asked_model(given: str | None, models: ServedModels) -> ServedModel:
    """Returns the model that a client names.

    Raises:
        ServiceError: `unknown-model`, or `invalid-request` where there is no name.
    """
    if not given:
        raise InvalidRequest(f"model is missing; allowed: {models.names}", param="model")
    return models.default if given in STAND_INS else models.named(given)


def _one(fields: Fields, name: str) -> str | None:
    values = fields.get(name, ())
    if len(values) > 1:
        raise InvalidRequest(f"{name} was given {len(values)} times", param=name)
    return values[0].strip() or None if values else None


def _choice(kind: type[ResponseFormat], value: str, name: str) -> ResponseFormat:
    try:
        return kind(value)
    except ValueError:
        raise InvalidRequest(
            f"{name} {excerpt(value)} is not known; allowed: {', '.join(kind)}", param=name
        ) from None


def _granularities(fields: Fields, chosen: ResponseFormat) -> tuple[Granularity, ...]:
    name = "timestamp_granularities"
    given = fields.get(name, ())
    if given and chosen is not ResponseFormat.VERBOSE_JSON:
        raise InvalidRequest(f"{name}: only with response_format verbose_json", param=name)
    unknown = [value for value in given if value not in tuple(Granularity)]
    if unknown:
        raise InvalidRequest(
            f"{name} {excerpt(unknown[0])} is not known; allowed: {', '.join(Granularity)}",
            param=name,
        )
    return tuple(map(Granularity, given)) or (Granularity.SEGMENT,)


def _is_true(value: str | None, name: str) -> bool:
    if value is not None and value.lower() not in ("true", "false", "1", "0"):
        raise InvalidRequest(f"{name} must be true or false, got {excerpt(value)}", param=name)
    return value is not None and value.lower() in ("true", "1")


def _check_temperature(value: str | None) -> None:
    """It changes nothing, as these models do not sample, but a wrong one is a mistake."""
    try:
        is_right = value is None or 0 <= float(value) <= 1
    except ValueError:
        is_right = False
    if not is_right:
        raise InvalidRequest(
            f"temperature must be from 0 to 1, got {excerpt(value)}", param="temperature"
        )


def _language(tag: str | None, default: str, known: Sequence[str], param: str) -> str:
    try:
        return model_language(tag, default, known)
    except ServiceError as error:
        raise ServiceError(error.code, error.text, param=param) from None


def _languages(fields: Fields, known: Sequence[str]) -> tuple[str, ...]:
    tags = fields.get("languages", ())
    found = (_language(tag, "auto", known, "languages") for tag in tags)
    return tuple(dict.fromkeys(language for language in found if language != "auto"))


def names_in(prompt: str, keywords: Sequence[str]) -> tuple[str, ...]:
    """Returns names to listen for: the keywords, and what a prompt lists with commas between."""
    names = (name.strip() for name in (*keywords, *_BETWEEN_NAMES.split(prompt)))
    return tuple(name for name in names if name and len(name) <= _MAX_NAME_CHARACTERS)
