"""The messages of `/v1/speak`; their JSON schema is served beside it."""

from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from wyoming_melotts.api.speech_request import FASTEST, SLOWEST
from wyoming_melotts.delivery.messages import MessageEncoding

LOWEST_HZ, HIGHEST_HZ = 8_000, 48_000

_ENCODINGS = (
    "How binary messages hold the audio. pcm16: 16 bit, little-endian, cut anywhere. "
    "opus: one packet of 20 ms each"
)

_Name = Annotated[str, Field(min_length=1, max_length=200)]
_Utterance = Annotated[int, Field(ge=1, description="Counts the texts of a session from 1")]
_Seconds = Annotated[float, Field(ge=0, description="From the beginning of the utterance's audio")]


class Message(BaseModel):
    """What all messages have in common: no field beside those named."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Start(Message):
    """Choose how the texts after it are spoken; the server answers `ready`."""

    type: Literal["start"]
    voice: _Name | None = None
    language: _Name | None = None
    speaker: _Name | None = None
    speed: Annotated[float, Field(ge=SLOWEST, le=FASTEST, allow_inf_nan=False)] = 1.0
    text_format: Literal["text", "ssml"] = "text"
    encoding: Annotated[MessageEncoding, Field(description=_ENCODINGS)] = "pcm16"
    sample_rate_hz: Annotated[int, Field(ge=LOWEST_HZ, le=HIGHEST_HZ)] | None = Field(
        None,
        description="Of PCM, by default the rate at which the voices speak; Opus has 48000 alone",
    )


class Text(Message):
    """A piece of the text of the current utterance; the first one begins an utterance."""

    type: Literal["text"]
    text: str


class Flush(Message):
    """The utterance's text is complete: speak what is left of it."""

    type: Literal["flush"]


class Cancel(Message):
    """Speak no more of the utterances so far."""

    type: Literal["cancel"]


class Close(Message):
    """End the session after what was given has been spoken."""

    type: Literal["close"]


class Ready(Message):
    """The session takes texts; how audio will come."""

    type: Literal["ready"] = "ready"
    encoding: MessageEncoding = "pcm16"
    sample_rate_hz: int
    channels: Literal[1] = 1


class Sentence(Message):
    """A sentence begins to be spoken."""

    type: Literal["sentence"] = "sentence"
    utterance: _Utterance
    text: str
    voice: str
    language: str
    start: _Seconds


class AudioStarted(Message):
    """The binary messages after it are the audio of this utterance."""

    type: Literal["audio_started"] = "audio_started"
    utterance: _Utterance


class PhoneTimes(Message):
    """A phone, in the symbols of the voice."""

    symbol: str
    start: _Seconds
    end: _Seconds


class WordTimes(Message):
    """A word as it is spoken, normalized."""

    text: str
    start: _Seconds
    end: _Seconds
    phones: Sequence[PhoneTimes]


class Marks(Message):
    """When words are heard; sent before their audio."""

    type: Literal["marks"] = "marks"
    utterance: _Utterance
    words: Sequence[WordTimes]


class Done(Message):
    """Nothing more comes of an utterance: it was spoken, or cancelled."""

    type: Literal["done"] = "done"
    utterance: _Utterance
    reason: Literal["spoken", "cancelled"]
    audio_seconds: Annotated[float, Field(ge=0, description="Of the audio that was sent")]


class ErrorObject(Message):
    """What went wrong, in the shape of OpenAI's API."""

    message: str
    type: str
    param: str | None
    code: str


class Error(Message):
    """Something failed: an utterance, of which nothing more comes, or a message."""

    type: Literal["error"] = "error"
    utterance: _Utterance | None = None
    error: ErrorObject


ClientMessage = Annotated[Start | Text | Flush | Cancel | Close, Field(discriminator="type")]
ServerMessage = Annotated[
    Ready | Sentence | AudioStarted | Marks | Done | Error, Field(discriminator="type")
]

CLIENT_MESSAGE: TypeAdapter[Start | Text | Flush | Cancel | Close] = TypeAdapter(ClientMessage)
SERVER_MESSAGE: TypeAdapter[Ready | Sentence | AudioStarted | Marks | Done | Error] = TypeAdapter(
    ServerMessage
)


@cache
def schema() -> dict[str, Any]:
    """Returns the JSON schema (draft 2020-12) of all messages, those of both sides in `$defs`."""
    _, described = TypeAdapter.json_schemas(
        [
            ("client", "validation", CLIENT_MESSAGE),
            ("server", "validation", SERVER_MESSAGE),
        ],
        title="Messages of /v1/speak",
        ref_template="#/$defs/{model}",
    )
    names = {
        "client": [kind.__name__ for kind in (Start, Text, Flush, Cancel, Close)],
        "server": [kind.__name__ for kind in (Ready, Sentence, AudioStarted, Marks, Done, Error)],
    }
    for side, kinds in names.items():
        described["$defs"][side] = {"oneOf": [{"$ref": f"#/$defs/{kind}"} for kind in kinds]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **described,
        "oneOf": [{"$ref": "#/$defs/client"}, {"$ref": "#/$defs/server"}],
    }
