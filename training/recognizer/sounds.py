"""Synthetic sounds without words, with SenseVoice's tags: music, laughter, coughs, noises.

Rough likenesses: they need to differ from speech and from each other as the real ones do, in
rhythm, in harmonics and in colour.
"""

from collections.abc import Callable, Iterator

import numpy as np
from scipy.signal import butter, sosfilt

from training.recognizer import rooms
from training.recognizer.rooms import RATE_HZ, Sound

Maker = Callable[[np.random.Generator], Sound]


def examples(count: int, seed: int) -> Iterator[tuple[str, Sound]]:
    """`count` event tags with their sounds, each of 0.8 to 4 s, as in some home."""
    rng = np.random.default_rng(seed)
    makers: list[tuple[str, Maker]] = [
        ("BGM", music), ("Laughter", laughter), ("Cough", cough), ("Event_UNK", household_noise),
    ]  # fmt: skip
    for number in range(count):
        tag, make = makers[number % len(makers)]
        yield tag, rooms.degrade(make(rng), rng)


def music(rng: np.random.Generator) -> Sound:
    """Chords of a scale in even beats, at times with a melody and drums."""
    beat = int(RATE_HZ * rng.uniform(0.2, 0.6))
    beats = int(rng.uniform(2, 4) * RATE_HZ / beat)
    scale = rng.uniform(110, 260) * 2 ** (np.array([0, 2, 4, 5, 7, 9, 11, 12]) / 12)
    harmonics = rng.uniform(0.2, 0.9) ** np.arange(int(rng.integers(3, 9)))
    drums, melody = rng.random() < 0.6, rng.random() < 0.7
    found = np.zeros(beat * beats + RATE_HZ)
    for number in range(beats):
        degrees = [int(rng.integers(3))] if number % 2 else [0, 2, 4]
        chord = [scale[(d + 3 * (number // 4 % 2)) % 8] for d in degrees]
        if melody:
            chord.append(2 * rng.choice(scale))
        start = beat * number
        for pitch in chord:
            _add(found, start, _note(pitch, rng.uniform(0.3, 1), harmonics, rng))
        if drums:
            _add(found, start, 0.8 * _burst(0.08, 4000 if number % 2 else 300, rng))
    return _level(found[: beat * beats])


def laughter(rng: np.random.Generator) -> Sound:
    """Ha-ha: short voiced bursts, four to seven a second, pitch and strength falling."""
    found = np.zeros(int(RATE_HZ * 3))
    at, pitch = rng.uniform(0, 0.2), rng.uniform(160, 420)
    rate, open_hz = rng.uniform(4, 7), rng.uniform(550, 1000)
    for number in range(int(rng.integers(4, 12))):
        length = rng.uniform(0.06, 0.11)
        voiced = _voiced(pitch * rng.uniform(0.9, 1.1), length, open_hz)
        breath = 0.25 * _burst(0.06, 2500, rng)
        _add(found, int(at * RATE_HZ), breath)
        _add(found, int((at + 0.04) * RATE_HZ), voiced * 0.93**number)
        at, pitch = at + rng.uniform(0.85, 1.15) / rate, pitch * rng.uniform(0.93, 1.0)
        if at > 2.6:
            break
    return _level(found[: int((at + 0.3) * RATE_HZ)])


def cough(rng: np.random.Generator) -> Sound:
    """One to four coughs: a hard burst of noise, a hoarse fall and at times a voiced end."""
    found = np.zeros(int(RATE_HZ * 3.5))
    at = rng.uniform(0.05, 0.3)
    for _ in range(int(rng.integers(1, 5))):
        _add(found, int(at * RATE_HZ), _burst(rng.uniform(0.05, 0.09), rng.uniform(900, 2200), rng))
        hoarse = 0.5 * _burst(rng.uniform(0.12, 0.25), rng.uniform(500, 1200), rng)
        _add(found, int((at + 0.05) * RATE_HZ), hoarse)
        if rng.random() < 0.5:
            end = 0.3 * _voiced(rng.uniform(90, 220), rng.uniform(0.06, 0.14), 600)
            _add(found, int((at + 0.12) * RATE_HZ), end)
        at += rng.uniform(0.3, 0.8)
    return _level(found[: int((at + 0.2) * RATE_HZ)])


def household_noise(rng: np.random.Generator) -> Sound:
    """Steady noise, hum, knocks, or next to nothing."""
    count = int(RATE_HZ * rng.uniform(0.8, 4))
    kind = rng.random()
    if kind < 0.4:
        return _level(rooms.coloured_noise(count, rng))
    if kind < 0.65:
        return _level(rooms.hum(count, rng))
    if kind < 0.75:
        return np.asarray(1e-4 * rng.standard_normal(count), np.float32)
    found = 0.01 * np.asarray(rooms.coloured_noise(count, rng), np.float64)
    for start in rng.integers(0, count, int(rng.integers(1, 9))):
        _add(found, int(start), _burst(rng.uniform(0.01, 0.08), rng.uniform(150, 5000), rng))
    return _level(found)


def _note(
    pitch: float, seconds: float, harmonics: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    fade = np.exp(-time * rng.uniform(1, 8)) * np.minimum(1, time / 0.01)
    tones = (
        strength * np.sin(2 * np.pi * pitch * (n + 1) * time)
        for n, strength in enumerate(harmonics)
        if pitch * (n + 1) < RATE_HZ / 2
    )
    return np.asarray(fade * sum(tones))


def _voiced(pitch: float, seconds: float, open_hz: float) -> np.ndarray:
    """A vowel: pulses of the voice through two resonances."""
    count = int(seconds * RATE_HZ)
    phase = np.cumsum(pitch * np.linspace(1.1, 0.9, count) / RATE_HZ)
    pulses = np.maximum(0, np.diff(np.floor(phase), prepend=0))
    first = _band(pulses, 0.8 * open_hz, 1.25 * open_hz)
    found = (first + 0.5 * _band(pulses, 1100, 1700)) * np.hanning(count)
    return np.asarray(found / (np.abs(found).max() + 1e-9))


def _burst(seconds: float, center_hz: float, rng: np.random.Generator) -> np.ndarray:
    """Noise around a frequency that starts at once and fades."""
    count = int(seconds * RATE_HZ)
    around = _band(rng.standard_normal(count), 0.6 * center_hz, min(7900, 1.6 * center_hz))
    found = around * np.exp(-5 * np.arange(count) / count)
    return np.asarray(found / (np.abs(found).max() + 1e-9))


def _band(sound: np.ndarray, low_hz: float, high_hz: float) -> np.ndarray:
    limits = [low_hz, high_hz]
    return np.asarray(sosfilt(butter(1, limits, "bandpass", fs=RATE_HZ, output="sos"), sound))


def _add(whole: np.ndarray, start: int, part: np.ndarray) -> None:
    """Mix `part` into `whole` as far as it reaches."""
    end = min(len(whole), start + len(part))
    whole[start:end] += part[: max(0, end - start)]


def _level(sound: np.ndarray) -> Sound:
    return np.asarray(0.7 * sound / (np.abs(sound).max() + 1e-9), np.float32)
