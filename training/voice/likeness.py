"""How like its teacher a voice sounds where both keep the same time: melody, tones, buzz, spectrum.

The voice speaks with the teacher's durations, so that frame stands against frame.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import librosa
import numpy as np
import numpy.typing as npt
import torch
from sklearn.ensemble import RandomForestClassifier
from torch import Tensor

from training.voice.batched import decode, encode_text, flow_to_latent
from training.voice.data import log_mel, readings, spoken, token_durations
from training.voice.phonemes import INITIALS
from training.voice.reading import read
from training.voice.synthesize import HOP_LENGTH, RATE_HZ
from training.voice.train_acoustic import expand
from wyoming_melotts.synthesis.acoustic.torch.synthesizer import Synthesizer
from wyoming_serving.audio import Samples

_LOWEST_HZ, _HIGHEST_HZ = 90.0, 450.0
_PITCH_WINDOW = 1024
_HARMONICITY_WINDOW = 640
"""Samples: 40 ms hold at least three periods of the lowest pitch."""
_CONTOUR_POINTS = 6
_TONES = range(1, 5)
_NEUTRAL = 5
_FOLDS = 10
_DECIBELS_PER_NEPER = 20 / np.log(10)
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Twins:
    """A sentence as the voice and as the teacher says it, `frames` per phone the same in both."""

    text: str
    voice: Samples
    teacher: Samples
    frames: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Likeness:
    """Figures of some sentences. Harmonicity is the median over voiced frames (Boersma 1993)."""

    pitch_correlation: float
    """Of log pitch, over the frames that are voiced in both."""
    voicing_agreement: float
    mel_distance_db: float
    harmonicity_db: float
    teachers_harmonicity_db: float


def twins(folder: Path, shard: Path) -> list[Twins]:
    """Let the voice in `folder` speak a shard of the teacher's with the teacher's timing."""
    network = Synthesizer.load(folder)
    found = []
    for text, teacher in spoken(shard):
        made = _speak(network, text, token_durations(torch.from_numpy(teacher.frames)))
        found.append(Twins(text, made, teacher.samples, teacher.frames))
    return found


def likeness(pairs: list[Twins]) -> Likeness:
    """Compare frame by frame."""
    melodies = [(pitch(pair.voice), pitch(pair.teacher)) for pair in pairs]
    ours, theirs = (np.concatenate(side) for side in zip(*melodies, strict=True))
    both = (ours > 0) & (theirs > 0)
    mels = (torch.stack([torch.from_numpy(one) for one in (p.voice, p.teacher)]) for p in pairs)
    apart = [(both_mels[0] - both_mels[1]).abs().mean(0) for both_mels in map(log_mel, mels)]
    harmonic = [
        np.concatenate([
            harmonicity(samples, melody)
            for samples, melody in zip(side, sides, strict=True)
        ])
        for side, sides in (
            ([pair.voice for pair in pairs], [melody[0] for melody in melodies]),
            ([pair.teacher for pair in pairs], [melody[1] for melody in melodies]),
        )
    ]  # fmt: skip
    return Likeness(
        float(np.corrcoef(np.log(ours[both]), np.log(theirs[both]))[0, 1]),
        float(np.mean((ours > 0) == (theirs > 0))),
        float(torch.cat(apart).mean()) * _DECIBELS_PER_NEPER,
        float(np.median(harmonic[0])),
        float(np.median(harmonic[1])),
    )


def tones_heard(pairs: list[Twins]) -> tuple[float, float]:
    """Share of Mandarin tones, 1 to 4, that a classifier of pitch contours names rightly.

    Of the voice and of the teacher. It learns from the teacher alone, from all other sentences.
    """
    told = [_syllables(pair, pitch(pair.teacher)) for pair in pairs]
    tried = [_syllables(pair, pitch(pair.voice)) for pair in pairs]
    right = np.zeros(2)
    for fold in range(_FOLDS):
        lessons = [one for index, rows in enumerate(told) if index % _FOLDS != fold for one in rows]
        judge = RandomForestClassifier(200, random_state=0)
        judge.fit([contour for _, contour in lessons], [tone for tone, _ in lessons])
        for column, side in enumerate((tried, told)):
            asked = [one for rows in side[fold::_FOLDS] for one in rows]
            named = judge.predict([contour for _, contour in asked])
            right[column] += sum(tone == name for (tone, _), name in zip(asked, named, strict=True))
    count = sum(len(rows) for rows in told)
    return float(right[0] / count), float(right[1] / count)


def pitch(samples: Samples) -> _Floats:
    """Hz of each frame of 12.5 ms, 0 where there is none; shape [frames]."""
    found, voiced, _ = librosa.pyin(
        samples, fmin=_LOWEST_HZ, fmax=_HIGHEST_HZ, sr=RATE_HZ,
        frame_length=_PITCH_WINDOW, hop_length=HOP_LENGTH,
    )  # fmt: skip
    return np.where(voiced, found, 0.0)[: len(samples) // HOP_LENGTH]


def harmonicity(samples: Samples, melody: _Floats) -> _Floats:
    """Harmonics-to-noise ratio in dB of the frames of `melody` that have a pitch.

    The height of the autocorrelation one period on, less what the window does to it: P. Boersma,
    "Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of
    a sampled sound", 1993.
    """
    size = _HARMONICITY_WINDOW
    window = np.hanning(size)
    voiced = np.flatnonzero(melody)
    padded = np.pad(samples.astype(float), size // 2)
    cut = np.stack([padded[at * HOP_LENGTH :][:size] for at in voiced]) if len(voiced) else None
    if cut is None:
        return np.zeros(0)
    correlation = _autocorrelation((cut - cut.mean(1, keepdims=True)) * window)
    correlation /= _autocorrelation(window[None])
    lags = np.arange(size // 2)
    near = np.abs(lags - (RATE_HZ / melody[voiced])[:, None]) <= 2
    height = np.where(near, correlation[:, : size // 2], 0).max(axis=1).clip(1e-3, 0.9999)
    return np.asarray(10 * np.log10(height / (1 - height)))


def _autocorrelation(rows: _Floats) -> _Floats:
    """Of each row, 1 at lag 0."""
    spectrum = np.fft.rfft(rows, 2 * rows.shape[1])
    found = np.fft.irfft(np.abs(spectrum) ** 2)[:, : rows.shape[1]]
    return np.asarray(found / found[:, :1].clip(1e-12))


def _syllables(pair: Twins, melody: _Floats) -> list[tuple[int, _Floats]]:
    """Tone and shape of each syllable that has one of the four tones."""
    logs = np.where(melody > 0, np.log(np.maximum(melody, 1)), np.nan)
    filled = _bridged(logs) - np.nanmean(logs)
    finals = list(_finals(pair, filled))
    level = np.zeros(_CONTOUR_POINTS)
    around = [level, *(contour for _, contour in finals), level]
    return [
        (tone, _shape(*around[index : index + 3]))
        for index, (tone, _) in enumerate(finals)
        if tone in _TONES
    ]


def _finals(pair: Twins, filled: _Floats) -> Iterator[tuple[int, _Floats]]:
    """Tone and log pitch, at some points, of each Mandarin final."""
    phonemes = read(pair.text)
    ends = np.cumsum(pair.frames)
    for index, (phone, tone) in enumerate(zip(phonemes.phones, phonemes.tones, strict=True)):
        if 0 < tone <= _NEUTRAL and phone not in INITIALS and ends[index] <= len(filled):
            first = ends[index] - pair.frames[index]
            places = np.linspace(first, ends[index] - 1, _CONTOUR_POINTS)
            yield tone, np.interp(places, np.arange(len(filled)), filled)


def _shape(before: _Floats, here: _Floats, behind: _Floats) -> _Floats:
    """A contour, how it moves, and where it stands to its neighbors'."""
    steps = [here[0] - before[-1], here.mean() - before.mean(), behind[0] - here[-1]]
    return np.concatenate([here, np.diff(here)[::2], steps, [here.mean() - behind.mean()]])


def _bridged(logs: _Floats) -> _Floats:
    """With straight lines where there is no pitch."""
    there = np.flatnonzero(~np.isnan(logs))
    return np.interp(np.arange(len(logs)), there, logs[there])


@torch.inference_mode()
def _speak(network: Synthesizer, text: str, durations: Tensor) -> Samples:
    ids, speaker = readings(text)[0], network.speaker(0)
    phones, tones, languages = (
        torch.tensor([row]) for row in (ids.phones, ids.tones, ids.languages)
    )
    mask = torch.ones(1, 1, len(ids.phones))
    _, mean = encode_text(network.enc_p, phones, tones, languages, mask, speaker)
    frames = int(durations.sum())
    prior = expand(mean, durations[None], frames)
    latent = flow_to_latent(network.flow, prior, torch.ones(1, 1, frames), speaker)
    return np.asarray(decode(network.dec, latent, speaker)[0].numpy())
