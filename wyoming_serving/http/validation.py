"""What a client of the HTTP API sent, checked against a pydantic model."""

from typing import TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from wyoming_serving.errors import InvalidRequest
from wyoming_serving.excerpts import excerpt, shortened

Checked = TypeVar("Checked")

_MAX_CHARACTERS = 200
"""Of what pydantic says, which may list many allowed values."""


def checked(kind: TypeAdapter[Checked], content: dict[str, object]) -> Checked:
    """Returns a body or a message as what it must be.

    Raises:
        InvalidRequest: it is something else; the text names the first field that is wrong.
    """
    try:
        return kind.validate_python(content)
    except ValidationError as error:
        raise _refusal(error.errors(include_url=False, include_context=False)[0]) from None


def _refusal(error: ErrorDetails) -> InvalidRequest:
    # where a model is one of several, the name of its kind stands before the field's
    fields = [
        str(part) for part in error["loc"] if not str(part).startswith(("function-", "union"))
    ]
    param = ".".join(fields) or None
    said = shortened(error["msg"], _MAX_CHARACTERS)
    got = "" if error["type"] == "missing" else f", got {excerpt(error['input'])}"
    return InvalidRequest(f"{param}: {said}{got}" if param else f"{said}{got}", param=param)
