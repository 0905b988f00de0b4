"""Other rooms, microphones and lines, made from clean sound at 16 kHz, samples from -1 to 1."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import soxr
from scipy.signal import butter, fftconvolve, sosfilt

RATE_HZ = 16_000
Sound = npt.NDArray[np.float32]
Change = Callable[[Sound, np.random.Generator], Sound]


def degrade(sound: Sound, rng: np.random.Generator) -> Sound:
    """`sound` as a device in some home might hear it: some of the changes below, in their order."""
    chances: list[tuple[Change, float]] = [
        (another_pitch, 0.5), (silence_around, 1.0), (room, 0.6), (noise, 0.7),
        (far_microphone, 0.3), (telephone, 0.15), (clipped, 0.15), (cut_beginning, 0.2),
        (gain, 1.0),
    ]  # fmt: skip
    for change, chance in chances:
        if rng.random() < chance:
            sound = change(sound, rng)
    return sound


def another_pitch(sound: Sound, rng: np.random.Generator) -> Sound:
    """Played 12 % slower and deeper to 14 % faster and higher."""
    return np.asarray(soxr.resample(sound, RATE_HZ * rng.uniform(0.88, 1.14), RATE_HZ), np.float32)


def silence_around(sound: Sound, rng: np.random.Generator) -> Sound:
    """Up to 0.4 s more before and after."""
    return np.pad(sound, tuple(rng.integers(0, 2 * RATE_HZ // 5, 2)))


def room(sound: Sound, rng: np.random.Generator) -> Sound:
    """An echo that takes 0.15 to 0.7 s to fall by 60 dB, the direct sound 0 to 15 dB above it."""
    seconds = rng.uniform(0.15, 0.7)
    tail = rng.standard_normal(int(RATE_HZ * seconds)) * 10 ** (
        -3 * np.linspace(0, 1, int(RATE_HZ * seconds))
    )
    tail[: int(rng.uniform(0.001, 0.01) * RATE_HZ)] = 0
    tail *= 10 ** (-rng.uniform(0, 15) / 20) / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    return np.asarray(fftconvolve(sound, tail)[: len(sound)], np.float32)


def noise(sound: Sound, rng: np.random.Generator) -> Sound:
    """Coloured noise, hum or chatter 3 to 35 dB below the speech."""
    kind = rng.random()
    if kind < 0.7:
        other = coloured_noise(len(sound), rng)
    elif kind < 0.85:
        other = hum(len(sound), rng)
    else:
        other = chatter(sound, rng)
    level = np.sqrt(np.mean(sound**2)) * 10 ** (-rng.uniform(3, 35) / 20)
    return np.asarray(sound + other * level / (np.sqrt(np.mean(other**2)) + 1e-9), np.float32)


def coloured_noise(count: int, rng: np.random.Generator) -> Sound:
    """Noise that falls by 0 to 9 dB an octave, slowly swelling."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    spectrum /= np.maximum(np.arange(len(spectrum)), 20 * count / RATE_HZ) ** rng.uniform(0, 1.5)
    swelling = 1 + 0.5 * np.sin(np.linspace(0, rng.uniform(0, 12), count) + rng.uniform(0, 6))
    return np.asarray(np.fft.irfft(spectrum, count) * swelling, np.float32)


def hum(count: int, rng: np.random.Generator) -> Sound:
    """A motor or the mains: harmonics of a steady tone, with a little noise."""
    time = np.arange(count) / RATE_HZ
    base = rng.uniform(45, 240)
    tones = [
        rng.uniform(0, 1) / n * np.sin(2 * np.pi * base * n * time + rng.uniform(0, 6))
        for n in range(1, 13)
    ]
    return np.asarray(np.sum(tones, axis=0) + 0.1 * rng.standard_normal(count), np.float32)


def chatter(sound: Sound, rng: np.random.Generator) -> Sound:
    """Voices that say nothing: the speech itself several times, reversed and shifted."""
    voices = [np.roll(sound[::-1], int(rng.integers(len(sound)))) for _ in range(4)]
    return np.asarray(np.sum(voices, axis=0), np.float32)


def far_microphone(sound: Sound, rng: np.random.Generator) -> Sound:
    """Less treble and bass, as through a hole of a small device."""
    low, high = rng.uniform(60, 250), rng.uniform(3500, 7500)
    return _filtered(sound, butter(1, [low, high], "bandpass", fs=RATE_HZ, output="sos"))


def telephone(sound: Sound, rng: np.random.Generator) -> Sound:
    """300 to 3400 Hz in eight bits of mu-law."""
    narrow = _filtered(sound, butter(4, [300, 3400], "bandpass", fs=RATE_HZ, output="sos"))
    peak = np.abs(narrow).max(initial=1e-6)
    code = np.round(np.sign(narrow) * np.log1p(255 * np.abs(narrow) / peak) / np.log(256) * 127)
    return np.asarray(np.sign(code) * (256 ** (np.abs(code) / 127) - 1) / 255 * peak, np.float32)


def clipped(sound: Sound, rng: np.random.Generator) -> Sound:
    """Overdriven by 3 to 15 dB."""
    limit = np.abs(sound).max(initial=1e-6) * 10 ** (-rng.uniform(3, 15) / 20)
    return np.clip(sound, -limit, limit)


def cut_beginning(sound: Sound, rng: np.random.Generator) -> Sound:
    """Begins up to 60 ms into what may be the first sound of the speech."""
    start = _first_sound(sound)
    return sound[start + int(rng.integers(0, RATE_HZ * 60 // 1000)) :]


def gain(sound: Sound, rng: np.random.Generator) -> Sound:
    """A peak 1 to 30 dB below full scale, in 16 bits."""
    level = 10 ** (-rng.uniform(1, 30) / 20) / np.abs(sound).max(initial=1e-6)
    return np.asarray(np.round(sound * level * 32767) / 32768, np.float32)


def _first_sound(sound: Sound) -> int:
    loud = np.flatnonzero(np.abs(sound) > 0.1 * np.abs(sound).max(initial=0.0))
    return int(loud[0]) if len(loud) else 0


def _filtered(sound: Sound, filters: npt.NDArray[np.float64]) -> Sound:
    return np.asarray(sosfilt(filters, sound), np.float32)
