"""Speaking with a voice of real size in this process, without a server."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from wyoming_melotts.settings import MelottsSettings
from wyoming_melotts.synthesis.engine import Engine
from wyoming_melotts.voices import VoiceLibrary
from wyoming_melotts.voices.selection import default_voice
from wyoming_serving.audio import Samples


class SpeechRun:
    """One text while it is spoken."""

    def __init__(self, chunks: Iterator[Samples], rate_hz: int) -> None:
        self.audio_s = 0.0
        self.first = 0.0
        """When its first audio was there (`time.perf_counter`)."""
        self.lag_s = 0.0
        """How far its audio fell behind a player that began with the first of it."""
        self._chunks = chunks
        self._rate_hz = rate_hz

    def advance(self) -> bool:
        """Compute the next chunk; returns False where there was none."""
        samples = next(self._chunks, None)
        if samples is None:
            return False
        now = time.perf_counter()
        self.first = self.first or now
        self.lag_s = max(self.lag_s, now - self.first - self.audio_s)
        self.audio_s += len(samples) / self._rate_hz
        return True


def open_voice(
    folder: Path, text: str, threads: int, *, crowded: bool = False
) -> Callable[[], SpeechRun]:
    """What begins to speak `text` with so many threads (0: as the service does), again and again.

    `crowded`: as if others were answered at the same time.
    """
    given = {"voices_dir": folder, "threads": threads, "device": "cpu", "offline": True}
    settings = MelottsSettings.model_validate(given)
    library = VoiceLibrary(settings)
    engine = Engine(settings, library)
    voice = default_voice(None, library.scan(), offline=True)

    def begin() -> SpeechRun:
        chunks = engine.speak(voice, text, lambda: crowded)
        return SpeechRun(chunks, settings.sample_rate_hz)

    return begin
