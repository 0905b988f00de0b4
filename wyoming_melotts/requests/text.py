"""What a text consists of: words to speak, and pauses."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SpokenText:
    """Words to speak; `speed` is relative to the settings'."""

    text: str
    speed: float = 1.0


@dataclass(frozen=True)
class Pause:
    """A silence."""

    seconds: float


TextPart = SpokenText | Pause
