"""Speaking with a voice of real size in this process, without a server."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wyoming_melotts.settings import MelottsSettings
from wyoming_melotts.synthesis.engine import Engine
from wyoming_melotts.voices import VoiceLibrary
from wyoming_melotts.voices.selection import default_voice


@dataclass(frozen=True)
class SpeechRun:
    """One piece of work."""

    audio_s: float
    first: float
    """When its first result was there (`time.perf_counter`)."""
    lag_s: float
    """How far its audio fell behind a player that began with the first of it; 0 if never."""


Run = Callable[[], SpeechRun]


def open_voice(folder: Path, text: str, threads: int, *, crowded: bool = False) -> Run:
    """What speaks `text` with a run of so many threads (0: as the service does), again and again.

    `crowded`: as if others were answered at the same time.
    """
    given = {"voices_dir": folder, "threads": threads, "device": "cpu", "offline": True}
    settings = MelottsSettings.model_validate(given)
    library = VoiceLibrary(settings)
    engine = Engine(settings, library)
    voice = default_voice(None, library.scan(), offline=True)

    def run() -> SpeechRun:
        audio_s, first, lag_s = 0.0, 0.0, 0.0
        for samples in engine.speak(voice, text, lambda: crowded):
            now = time.perf_counter()
            first = first or now
            lag_s = max(lag_s, now - first - audio_s)
            audio_s += len(samples) / settings.sample_rate_hz
        return SpeechRun(audio_s, first, lag_s)

    return run
