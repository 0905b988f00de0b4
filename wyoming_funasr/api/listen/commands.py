"""What may be said between the audio: by a client of `/v1/listen`, or to the in-process engine."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

_MAX_NAMES = 10_000
_MAX_NAME_CHARACTERS = 200
_MAX_TAG_CHARACTERS = 40


def _type_is_required(schema: dict[str, Any]) -> None:
    """A program may leave the type to the class, JSON may not."""
    required = schema.get("required", [])
    if "type" in schema["properties"] and "type" not in required:
        schema["required"] = ["type", *required]


class Message(BaseModel):
    """What all messages have in common: no field beside those named."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, json_schema_extra=_type_is_required
    )


class Endpointing(Message):
    """How the end of an utterance is found."""

    silence_ms: int = Field(ge=100, le=5_000)
    """Silence that ends it."""


class Listening(Message):
    """What is listened for; a field that is left out keeps its value, or at first its default."""

    model: Annotated[str, Field(max_length=_MAX_NAME_CHARACTERS)] | None = None
    """Which hears; null is the server's first one. What was said before is heard by the one
    before."""
    language: Annotated[str, Field(max_length=_MAX_TAG_CHARACTERS)] | None = None
    """A tag such as `zh-TW`; null leaves it to the settings and the model."""
    names: list[Annotated[str, Field(max_length=_MAX_NAME_CHARACTERS)]] = Field(
        default=[], max_length=_MAX_NAMES
    )
    """Words to listen for beside those in the settings."""
    endpointing: bool | Endpointing = True
    """False leaves the end of an utterance to `flush`."""
    partials: bool = True
    """Whether to send the text so far while somebody speaks."""

    def changed(self, change: "Configure") -> "Listening":
        """Returns what is listened for after a change, of which only what was given counts."""
        given = change.model_fields_set - {"type"}
        return self.model_copy(update={name: getattr(change, name) for name in given})


class Configure(Listening):
    """From its place in the audio on, other options hold, also for what is being said."""

    type: Literal["configure"] = "configure"


class Flush(Message):
    """The utterance ends at this place in the audio; there is a `final` in any case."""

    type: Literal["flush"] = "flush"


class Cancel(Message):
    """Nothing more of the audio so far, at once; answered with `cancelled`."""

    type: Literal["cancel"] = "cancel"


Command = Configure | Flush | Cancel
