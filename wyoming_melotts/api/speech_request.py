"""The body of `POST /v1/audio/speech`.

Format: https://platform.openai.com/docs/api-reference/audio/createSpeech, and `language`.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from wyoming_melotts.delivery.encoding import AudioFormat
from wyoming_melotts.voices.selection import VoiceRequest

MODEL = "melotts"
OPENAI_MODELS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15")
"""Names that programs ask for unless told otherwise; they stand for the one model that is here."""

OPENAI_VOICES = (
    "alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage",
    "shimmer", "verse",
)  # fmt: skip
"""The same for voices: they stand for the voice that fits the text."""

SLOWEST, FASTEST = 0.25, 4.0


class VoiceId(BaseModel):
    """A voice as OpenAI writes those that users made."""

    model_config = ConfigDict(strict=True)

    id: str


class SpeechRequest(BaseModel):
    """What to speak and how; fields that OpenAI has besides these are ignored."""

    model_config = ConfigDict(strict=True, extra="ignore")

    input: Annotated[str, Field(min_length=1)]
    model: str = MODEL
    voice: str | VoiceId | None = None
    language: str | None = None
    response_format: Literal["mp3", "opus", "flac", "wav", "pcm"] = "mp3"
    speed: Annotated[float, Field(ge=SLOWEST, le=FASTEST, allow_inf_nan=False)] = 1.0
    stream_format: Literal["audio", "sse"] = "audio"

    @property
    def audio_format(self) -> AudioFormat:
        """The format of the answer."""
        return AudioFormat(self.response_format)

    @property
    def wanted_voice(self) -> VoiceRequest | None:
        """The voice that is asked for; None where the text decides."""
        name = self.voice.id if isinstance(self.voice, VoiceId) else self.voice
        if name in OPENAI_VOICES:
            name = None
        wanted = VoiceRequest(name or None, self.language or None)
        return None if wanted == VoiceRequest() else wanted


SPEECH_REQUEST = TypeAdapter(SpeechRequest)
