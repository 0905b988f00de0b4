"""Recordings for tests: real speech, and what is none."""

import wave
from pathlib import Path

import numpy as np

DATA = Path(__file__).parent.parent / "data"
RATE_HZ = 16_000


def read_pcm(file: Path) -> bytes:
    """The samples of a 16 kHz, 16-bit, mono WAV file."""
    with wave.open(str(file), "rb") as wav:
        assert (wav.getframerate(), wav.getsampwidth(), wav.getnchannels()) == (RATE_HZ, 2, 1)
        return wav.readframes(wav.getnframes())


SPEECH = read_pcm(DATA / "attic_light_en.wav")


def speech_samples() -> np.ndarray:
    """The recording as float samples from -1 to 1."""
    return np.frombuffer(SPEECH, "<i2").astype(np.float32) / 32768


def noise(seconds: float, loudness: float = 0.01, seed: int = 0) -> np.ndarray:
    """White noise as float samples."""
    count = int(seconds * RATE_HZ)
    return np.random.default_rng(seed).normal(0, loudness, count).astype(np.float32)
