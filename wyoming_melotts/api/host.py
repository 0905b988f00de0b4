"""What the routes need of the service."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from wyoming_melotts.delivery.encoding import AudioFormat, Encoder
from wyoming_melotts.delivery.messages import MessageEncoder, MessageEncoding
from wyoming_melotts.requests.speaking import Voices
from wyoming_melotts.voices import Voice


@dataclass(frozen=True)
class OfferedVoice:
    """A voice that may be asked for, and whether it speaks without a download."""

    voice: Voice
    is_on_disk: bool


class SpeechHost(Voices, Protocol):
    """The voices, and where audio is encoded."""

    async def offered_voices(self) -> Sequence[OfferedVoice]:
        """Every voice that may be asked for now."""

    async def open_encoder(self, audio_format: AudioFormat) -> Encoder:
        """Returns an encoder of the service's audio.

        Raises:
            ServiceError: `extra-missing`.
        """

    async def open_message_encoder(self, encoding: MessageEncoding, rate_hz: int) -> MessageEncoder:
        """Returns an encoder of the service's audio for messages.

        Raises:
            ServiceError: `unsupported-encoding`.
        """

    async def encode(self, encoder: Encoder, pcm: bytes, *, last: bool = False) -> Sequence[bytes]:
        """Returns what the next audio completes, computed off the event loop."""
