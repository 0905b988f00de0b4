"""What the recognizers are told: real recordings, and sentences with a pause inside.

All of it starts with room noise, so that no server sees digital silence, and ends exactly where the
speech ends: what comes after that is the caller's, and so the true end is known. The weights that
are measured may be random and their words mean nothing; voice activity detection is real and needs
real voices. Nothing is random here: the same files give the same samples.
"""

import csv
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

RATE_HZ = 16_000
PAUSES_MS = (200, 300, 400, 600)
_LEAD_MS = 300
_NOISE_DB = -60.0
_SPEECH_DB = -45.0
"""Quieter 10 ms are silence; the recordings are synthetic and have no noise of their own."""
_COMMANDS = Path(__file__).parents[1] / "tests" / "data" / "transcripts.tsv"
_PHRASES = Path(__file__).parent / "data" / "phrases.tsv"

Samples = npt.NDArray[np.int16]


@dataclass(frozen=True, eq=False)
class Utterance:
    """Something said; `samples` (16 kHz) end with its last sound."""

    name: str
    language: str
    text: str
    samples: Samples
    pause_ms: int = 0
    """Silence in the middle."""
    before_pause: str = ""
    """The text in front of it."""

    @property
    def seconds(self) -> float:
        """From the first sample to the true end of the speech."""
        return len(self.samples) / RATE_HZ


def commands() -> list[Utterance]:
    """Short commands without a pause."""
    lead = _silence(_LEAD_MS)
    return [
        Utterance(
            Path(row["file"]).stem,
            row["language"],
            row["text"],
            with_noise(np.concatenate([lead, trimmed(_COMMANDS.parent / row["file"])])),
        )
        for row in _rows(_COMMANDS)
    ]


def paused(pauses_ms: Sequence[int] = PAUSES_MS) -> list[Utterance]:
    """Every sentence of two phrases with every pause between them."""
    rows = _rows(_PHRASES)
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return [_joined(pair, pause_ms) for pair in pairs for pause_ms in pauses_ms]


def _joined(pair: tuple[dict[str, str], dict[str, str]], pause_ms: int) -> Utterance:
    first, second = (trimmed(_PHRASES.parent / row["file"]) for row in pair)
    samples = np.concatenate([_silence(_LEAD_MS), first, _silence(pause_ms), second])
    name = pair[0]["file"].removesuffix("_1.flac")
    text = " ".join(row["text"] for row in pair)
    return Utterance(
        f"{name}_{pause_ms}ms",
        pair[0]["language"],
        text,
        with_noise(samples),
        pause_ms,
        pair[0]["text"],
    )


def continuous(seconds: float) -> Samples:
    """Commands one behind another, again and again, cut to length: speech without a pause."""
    wanted = round(seconds * RATE_HZ)
    parts: list[Samples] = []
    files = [_COMMANDS.parent / row["file"] for row in _rows(_COMMANDS)]
    for file in itertools.cycle(files):
        parts.append(trimmed(file))
        if sum(map(len, parts)) >= wanted:
            return with_noise(np.concatenate(parts)[:wanted])
    raise AssertionError("a cycle does not end")


def trimmed(file: Path) -> Samples:
    """A recording from its first sound to its last one.

    Raises:
        ValueError: it is not 16 kHz mono, or there is no sound in it.
    """
    samples, rate_hz = soundfile.read(file, dtype="int16")
    if rate_hz != RATE_HZ or samples.ndim != 1:
        raise ValueError(f"{file}: must be mono with {RATE_HZ} Hz")
    step = RATE_HZ // 100
    frames = samples[: len(samples) // step * step].reshape(-1, step) / 32768
    loud = np.flatnonzero((frames**2).mean(axis=1) > 10 ** (_SPEECH_DB / 10))
    if not len(loud):
        raise ValueError(f"{file}: there is no sound in it")
    kept: Samples = samples[loud[0] * step : (loud[-1] + 1) * step]
    return kept


def room_noise(count: int, seed: int = 0) -> Samples:
    """So many samples of what a quiet room sounds like."""
    noise = np.random.default_rng(seed).normal(0, 32768 * 10 ** (_NOISE_DB / 20), count)
    rounded: Samples = np.rint(noise).astype(np.int16)
    return rounded


def with_noise(samples: Samples) -> Samples:
    """The samples in a quiet room."""
    both = samples.astype(np.int32) + room_noise(len(samples), seed=1)
    clipped: Samples = np.clip(both, -32768, 32767).astype(np.int16)
    return clipped


def _silence(milliseconds: int) -> Samples:
    return np.zeros(milliseconds * RATE_HZ // 1000, np.int16)


def _rows(table: Path) -> list[dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))
