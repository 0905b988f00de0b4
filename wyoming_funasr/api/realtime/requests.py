"""What a client of OpenAI's Realtime API may say in a transcription session.

Source: https://platform.openai.com/docs/api-reference/realtime-client-events, and, for
`transcription_session.update`, its beta, which many clients still speak.
"""

import base64
import binascii
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from wyoming_funasr.api.openai.parameters import names_in
from wyoming_serving.errors import ErrorCode, InvalidRequest, ServiceError
from wyoming_serving.excerpts import excerpt
from wyoming_serving.http.validation import checked

RATE_HZ = 24_000

Include = Literal["item.input_audio_transcription.logprobs"]

_Name = Annotated[str, Field(max_length=200)]


class _Part(BaseModel):
    """What is left out keeps its value; what this server does not know is no error."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class Format(_Part):
    """16 bit, little-endian, mono."""

    type: Literal["audio/pcm"] = "audio/pcm"
    rate: Literal[24_000] = 24_000


class Transcription(_Part):
    """What is listened for."""

    model: str | None = Field(default=None, max_length=200)
    language: Annotated[str, Field(max_length=40)] | None = None
    prompt: Annotated[str, Field(max_length=16_384)] | None = None
    """Names with commas between."""
    keywords: Annotated[list[_Name], Field(max_length=10_000)] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The words to listen for."""
        return names_in(self.prompt or "", self.keywords or ())


class ServerVad(_Part):
    """Silence ends an utterance."""

    type: Literal["server_vad"]
    threshold: float | None = Field(default=None, ge=0, le=1)
    prefix_padding_ms: int | None = Field(default=None, ge=0, le=5_000)
    silence_duration_ms: int | None = Field(default=None, ge=100, le=5_000)


class SemanticVad(_Part):
    """Silence ends an utterance, sooner or later."""

    type: Literal["semantic_vad"]
    eagerness: Literal["low", "medium", "high", "auto"] | None = None


TurnDetection = Annotated[ServerVad | SemanticVad, Field(discriminator="type")]


class Input(_Part):
    """The audio, and what is done with it."""

    format: Format = Format()
    transcription: Transcription = Transcription()
    turn_detection: TurnDetection | None = ServerVad(type="server_vad")
    """Null leaves the end of an utterance to `input_audio_buffer.commit`."""


class Audio(_Part):
    """There is no output."""

    input: Input = Input()


class Session(_Part):
    """A session's settings."""

    type: Literal["transcription"] = "transcription"
    audio: Audio = Audio()
    include: list[Include] | None = None


class BetaSession(_Part):
    """The same, as the beta has it."""

    input_audio_format: Literal["pcm16"] = "pcm16"
    input_audio_transcription: Transcription = Transcription()
    turn_detection: TurnDetection | None = ServerVad(type="server_vad")
    include: list[Include] | None = None


class _Event(_Part):
    event_id: str | None = Field(default=None, max_length=512)


class SessionUpdate(_Event):
    """Changes settings from its place in the audio on."""

    type: Literal["session.update"]
    session: Session

    def changed(self, before: Session) -> Session:
        """Returns the settings with those that were given."""
        given = before.model_dump(exclude_unset=True)
        _lay_over(given, self.session.model_dump(exclude_unset=True))
        return Session.model_validate(given)


class BetaSessionUpdate(_Event):
    """The same in the words of the beta."""

    type: Literal["transcription_session.update"]
    session: BetaSession

    def changed(self, before: Session) -> Session:
        """Returns the settings with those that were given."""
        told = self.session.model_dump(exclude_unset=True)
        names = {"input_audio_transcription": "transcription", "turn_detection": "turn_detection"}
        inputs = {new: told[old] for old, new in names.items() if old in told}
        given = before.model_dump(exclude_unset=True)
        _lay_over(given, {"audio": {"input": inputs}})
        if "include" in told:
            given["include"] = told["include"]
        return Session.model_validate(given)


class Append(_Event):
    """More audio."""

    type: Literal["input_audio_buffer.append"]
    audio: str

    @property
    def pcm(self) -> bytes:
        """The audio.

        Raises:
            ServiceError: `audio-invalid`.
        """
        try:
            return base64.b64decode(self.audio, validate=True)
        except (binascii.Error, ValueError):
            raise ServiceError(
                ErrorCode.AUDIO_INVALID, "audio is not base64", param="audio"
            ) from None


class Commit(_Event):
    """The utterance ends here."""

    type: Literal["input_audio_buffer.commit"]


class Clear(_Event):
    """Nothing more of the audio so far."""

    type: Literal["input_audio_buffer.clear"]


ClientEvent = SessionUpdate | BetaSessionUpdate | Append | Commit | Clear

_KINDS: dict[str, TypeAdapter[ClientEvent]] = {
    "session.update": TypeAdapter(SessionUpdate),
    "transcription_session.update": TypeAdapter(BetaSessionUpdate),
    "input_audio_buffer.append": TypeAdapter(Append),
    "input_audio_buffer.commit": TypeAdapter(Commit),
    "input_audio_buffer.clear": TypeAdapter(Clear),
}


def parse(content: dict[str, object]) -> ClientEvent:
    """Returns the event that a message holds.

    Raises:
        ServiceError: `invalid-request`; names the field, what was given and what is allowed.
            `not-supported`, a kind of event that transcription sessions do not have.
    """
    kind = content.get("type")
    if isinstance(kind, str) and kind in _KINDS:
        return checked(_KINDS[kind], content)
    if isinstance(kind, str) and kind.startswith(("response.", "conversation.", "output_audio")):
        raise ServiceError(
            ErrorCode.NOT_SUPPORTED,
            f"{excerpt(kind)}: this server transcribes, and answers nobody; allowed: "
            f"{', '.join(_KINDS)}",
            param="type",
        )
    raise InvalidRequest(
        f"type must be one of {', '.join(_KINDS)}, got {excerpt(kind)}", param="type"
    )


def event_id(content: dict[str, object]) -> str | None:
    """Returns the name that a client gave its event, for the error that answers it."""
    given = content.get("event_id")
    return given[:512] if isinstance(given, str) else None


def _lay_over(below: dict[str, Any], above: dict[str, Any]) -> None:
    """Put what `above` has in the place of what `below` has; what changes its `type` is replaced
    as a whole."""
    for name, value in above.items():
        old = below.get(name)
        if (
            isinstance(old, dict)
            and isinstance(value, dict)
            and old.get("type") == value.get("type", old.get("type"))
        ):
            _lay_over(old, value)
        else:
            below[name] = value
