"""One setting's declaration, in words: for `--help`, for errors, for the docs and for the page."""

from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined


def allowed_values(field: FieldInfo) -> str:
    """Returns in words what a setting accepts."""
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "allowed" in extra:
        return str(extra["allowed"])
    choices = _choices(field.annotation)
    if choices:
        return ", ".join(map(str, choices))
    if field.annotation is bool:
        return "true, false"
    signs = {"Ge": "from", "Gt": "above", "Le": "to", "Lt": "below"}
    bounds = [
        f"{signs[type(rule).__name__]} {getattr(rule, type(rule).__name__.lower())}"
        for rule in field.metadata
        if type(rule).__name__ in signs
    ]
    return f"{_kind(field)} {' '.join(bounds)}".strip()


def shown_value(field: FieldInfo, value: object) -> object:
    """Returns a value for JSON; of a secret, only that it is set."""
    if value is not None and is_secret(field):
        return "***"
    return str(value) if isinstance(value, Path) else value


def _choices(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    if get_origin(annotation) in (Union, UnionType):
        return tuple(choice for part in get_args(annotation) for choice in _choices(part))
    return ()


def _kind(field: FieldInfo) -> str:
    words = {int: "a whole number", float: "a number", Path: "a path"}
    kinds = get_args(field.annotation) or (field.annotation,)
    if get_origin(field.annotation) is tuple:
        return "words with commas between"
    return next((words[kind] for kind in kinds if kind in words), "text")


def is_secret(field: FieldInfo) -> bool:
    """Returns whether the value must not be shown."""
    return SecretStr in (field.annotation, *get_args(field.annotation))


def metavar(field: FieldInfo) -> str:
    """Returns what `--help` shows in place of the value."""
    choices = _choices(field.annotation)
    if choices:
        return "{" + ",".join(map(str, choices)) + "}"
    return {"a whole number": "N", "a number": "X", "a path": "PATH"}.get(_kind(field), "TEXT")


def shown_default(field: FieldInfo) -> str:
    """Returns the default as Markdown, empty where there is none."""
    if field.default in (None, (), PydanticUndefined):
        return ""
    if isinstance(field.default, bool):
        return str(field.default).lower()
    if isinstance(field.default, tuple):
        return f"`{','.join(field.default)}`"
    return f"`{field.default}`"


def help_text(field: FieldInfo) -> str:
    """Returns what `--help` says, for argparse."""
    default = shown_default(field).strip("`")
    text = f"{field.description} (default: {default})" if default else f"{field.description}"
    return text.replace("%", "%%")
