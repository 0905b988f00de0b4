"""The JSON schema of all messages of `/v1/listen`, made from their declarations."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from wyoming_funasr.api.listen.answers import SERVER_MESSAGES
from wyoming_funasr.api.listen.requests import CLIENT_MESSAGES


@cache
def schema() -> dict[str, Any]:
    """Returns the schema: `ClientMessage` and `ServerMessage` under `$defs` are the two sides."""
    client, server = (
        _definitions(CLIENT_MESSAGES, "validation"),
        _definitions(SERVER_MESSAGES, "serialization"),
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Messages of /v1/listen",
        "$defs": {
            **client,
            **server,
            "ClientMessage": _one_of(CLIENT_MESSAGES),
            "ServerMessage": _one_of(SERVER_MESSAGES),
        },
    }


def _definitions(models: Sequence[type[BaseModel]], mode: JsonSchemaMode) -> dict[str, Any]:
    _, definitions = models_json_schema([(model, mode) for model in models])
    named: dict[str, Any] = definitions["$defs"]
    return named


def _one_of(models: Sequence[type[BaseModel]]) -> dict[str, Any]:
    return {"oneOf": [{"$ref": f"#/$defs/{model.__name__}"} for model in models]}
