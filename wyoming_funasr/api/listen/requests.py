"""What a client of `/v1/listen` may say: declared once, for the checks and for the schema."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from wyoming_funasr.api.listen.commands import (
    Cancel,
    Configure,
    Flush,
    Listening,
    Message,
)
from wyoming_funasr.audio.opus.decoder import OpusEncoding
from wyoming_serving.audio import MAX_CHANNELS, MAX_RATE_HZ, MIN_RATE_HZ
from wyoming_serving.errors import ErrorCode, InvalidRequest, ServiceError
from wyoming_serving.excerpts import excerpt


class AudioFormat(Message):
    """How the binary messages hold the audio. Opus tells its own rate and channels."""

    encoding: Literal["pcm_s16le", OpusEncoding] = "pcm_s16le"
    """PCM: 16 bit, little-endian, interleaved, split anywhere. Opus: one packet a message. Ogg and
    WebM: Opus in a container, as browsers record it, split anywhere."""
    rate: int = Field(default=16_000, ge=MIN_RATE_HZ, le=MAX_RATE_HZ)
    channels: int = Field(default=1, ge=1, le=MAX_CHANNELS)


class Start(Listening):
    """The first message; it is answered with `ready`."""

    type: Literal["start"]
    audio: AudioFormat = AudioFormat()


class Close(Message):
    """No audio follows: what was said is answered, and the socket closed."""

    type: Literal["close"]


ClientMessage = Start | Configure | Flush | Cancel | Close
CLIENT_MESSAGES = (Start, Configure, Flush, Cancel, Close)

_PARSER: TypeAdapter[ClientMessage] = TypeAdapter(
    Annotated[ClientMessage, Field(discriminator="type")]
)


def parse(text: str) -> ClientMessage:
    """Returns the message that a text holds.

    Raises:
        ServiceError: `invalid-request`, or `unsupported-encoding`; names the field, what was given
            and what is allowed.
    """
    try:
        return _PARSER.validate_json(text)
    except ValidationError as invalid:
        raise _explained(_most_exact(invalid.errors(include_url=False))) from None


def _most_exact(errors: list[ErrorDetails]) -> ErrorDetails:
    """Of the errors in the first wrong field, which has one for each kind of value it may be."""
    first = errors[0]["loc"][:2]
    return max((one for one in errors if one["loc"][:2] == first), key=lambda one: len(one["loc"]))


def _explained(error: ErrorDetails) -> ServiceError:
    if error["type"] == "json_invalid":
        return InvalidRequest("the message is not JSON")
    if error["type"].startswith("union_tag"):
        allowed = ", ".join(_kind(one) for one in CLIENT_MESSAGES)
        return InvalidRequest(f"type must be one of {allowed}", param="type")
    # the first step is the message's type, and a union adds the name of its member
    steps = [str(step) for step in error["loc"][1:] if step not in ("bool", "Endpointing")]
    name = ".".join(steps) or "the message"
    text = f"{name}: {error['msg']}, got {excerpt(error['input'])}"
    if steps[:2] == ["audio", "encoding"]:
        return ServiceError(ErrorCode.UNSUPPORTED_ENCODING, text, param=name)
    return InvalidRequest(text, param=name)


def _kind(message: type[BaseModel]) -> str:
    return message.__name__.lower()
