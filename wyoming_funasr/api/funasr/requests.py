"""What a client of FunASR's protocol may say.

Source: runtime/docs/websocket_protocol.md of FunASR, and its clients in Python and HTML.
"""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from wyoming_serving.audio import MAX_RATE_HZ, MIN_RATE_HZ
from wyoming_serving.client_json import parse_object
from wyoming_serving.errors import InvalidRequest
from wyoming_serving.http.validation import checked
from wyoming_serving.http.websocket import parse_message

Mode = Literal["offline", "online", "2pass"]

_BETWEEN_WORDS = re.compile(r"[\s,，、;；]+")
_MAX_NAME_CHARACTERS = 200

_PCM = "pcm"


class Wishes(BaseModel):
    """How recordings are recognized; what a message leaves out keeps its value.

    Clients send more, which says how FunASR's own models divide their work (`chunk_size` and its
    like) and means nothing to others.
    """

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    mode: Mode = "2pass"
    wav_name: str = Field(default="wav-default-id", max_length=500)
    """Comes back in every answer."""
    wav_format: str = Field(default=_PCM, max_length=20)
    """`pcm`, or with mode `offline` a file's extension: any file that is known here."""
    audio_fs: int = Field(default=16_000, ge=MIN_RATE_HZ, le=MAX_RATE_HZ)
    """Rate of PCM, which is 16 bit and mono."""
    hotwords: str | None = None
    """JSON, `{"阿里巴巴": 20}`, or words with spaces or commas between."""
    itn: bool = True
    """Changes nothing: these models write numbers and punctuation in one, see `svs_itn`."""
    model: Annotated[str, Field(max_length=200)] | None = None
    """Which answers; null is the server's first one. FunASR's own servers have one."""
    svs_lang: Annotated[str, Field(max_length=40)] | None = None
    """A language's tag, or `auto`."""
    svs_itn: bool = True
    """Whether to write numbers as digits, and punctuation."""

    @property
    def is_pcm(self) -> bool:
        """Whether the audio has no header that tells its format."""
        return self.wav_format.lower() == _PCM

    @property
    def language(self) -> str | None:
        """The language's tag; None leaves it to the settings and the model."""
        return None if self.svs_lang in (None, "", "auto") else self.svs_lang

    @property
    def names(self) -> list[str]:
        """The words to listen for; their weights count in FunASR's own decoder alone."""
        return _words(self.hotwords or "")


class ClientMessage(Wishes):
    """One text message."""

    is_speaking: bool = True
    """False ends the recording."""
    is_finished: bool = False
    """The same, as FunASR's servers in C++ know it."""
    is_end: bool = False
    """Whether the client wants to be told when all of the recording has been answered."""

    @property
    def ends_recording(self) -> bool:
        """Whether no more audio of this recording follows."""
        return self.is_finished or not self.is_speaking

    def changed(self, wishes: Wishes) -> Wishes:
        """Returns the wishes with what this message says.

        Raises:
            InvalidRequest: they do not fit each other.
        """
        given = {name: getattr(self, name) for name in self.model_fields_set}
        known = {name: value for name, value in given.items() if name in Wishes.model_fields}
        changed = wishes.model_copy(update=known)
        if changed.mode != "offline" and not changed.is_pcm:
            raise InvalidRequest("wav_format must be pcm in online and 2pass", param="wav_format")
        return changed


_MESSAGE = TypeAdapter(ClientMessage)


def parse(text: str) -> ClientMessage:
    """Returns a client's message.

    Raises:
        InvalidRequest: it is none; names the field, what was given and what is allowed.
    """
    message = checked(_MESSAGE, parse_message(text))
    if any(len(name) > _MAX_NAME_CHARACTERS for name in message.names):
        raise InvalidRequest(
            f"hotwords: a word may have {_MAX_NAME_CHARACTERS} characters", param="hotwords"
        )
    return message


def _words(hotwords: str) -> list[str]:
    try:
        words = list(parse_object(hotwords))  # with their weights
    except ValueError:
        words = _BETWEEN_WORDS.split(hotwords)
    return [word for word in words if word]
