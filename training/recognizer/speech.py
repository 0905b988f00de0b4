"""Speech on disk: a folder of Opus files and `index.tsv`, which tells what each of them says.

A clip is 16 kHz, cut to the speech with 0.1 s around it, its peak at 0.7. A clip's line is written
after its sound, so that what the index names is there.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

RATE_HZ = 16_000
Sound = npt.NDArray[np.float32]
COLUMNS = ["file", "language", "voice", "speed", "seconds", "text", "kind", "phonemes"]
_PEAK = 0.7
_AROUND = RATE_HZ // 10
_COMPRESSION = 0.925
"""In libsndfile's scale: some 25 kbit/s."""


@dataclass(frozen=True)
class Recording:
    """A line of the index; `kind` and `phonemes` are empty where they are not known."""

    path: Path
    language: str
    voice: str
    words: str
    kind: str
    phonemes: str

    def sound(self) -> Sound:
        """Samples from -1 to 1 at 16 kHz."""
        return np.asarray(soundfile.read(self.path, dtype="float32")[0], np.float32)


class SpeechFolder:
    """One such folder, which may grow."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._index = folder, folder / "index.tsv"

    def names(self) -> set[str]:
        """Of the clips that are there, as in `en_00001`."""
        return {recording.path.stem for recording in self.recordings()}

    def recordings(self) -> Iterator[Recording]:
        if not self._index.exists():
            return
        with self._index.open(encoding="utf-8", newline="") as table:
            for row in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE):
                yield Recording(
                    self._folder / row["language"] / row["file"], row["language"], row["voice"],
                    row["text"], row.get("kind") or "", row.get("phonemes") or "",
                )  # fmt: skip

    def add(self, name: str, sound: Sound, described: dict[str, str]) -> None:
        """Store a clip and then its line; raises ValueError if it is silent."""
        clip = tidy(sound)
        folder = self._folder / described["language"]
        folder.mkdir(parents=True, exist_ok=True)
        soundfile.write(
            folder / f"{name}.opus", clip, RATE_HZ, format="OGG", subtype="OPUS",
            compression_level=_COMPRESSION,
        )  # fmt: skip
        row = {**described, "file": f"{name}.opus", "seconds": f"{len(clip) / RATE_HZ:.2f}"}
        lines = "" if self._index.exists() else "\t".join(COLUMNS) + "\n"
        with self._index.open("a", encoding="utf-8") as table:
            table.write(lines + "\t".join(row[column] for column in COLUMNS) + "\n")


def at_16_khz(audio: Sound, rate_hz: int) -> Sound:
    """`audio` of any rate at 16 kHz."""
    return np.asarray(soxr.resample(audio, rate_hz, RATE_HZ), np.float32)


def tidy(sound: Sound) -> Sound:
    """Cut to the speech with 0.1 s around it, with a peak of 0.7."""
    peak = float(np.abs(sound).max(initial=0.0))
    loud = np.flatnonzero(np.abs(sound) > 0.02 * peak)
    if peak < 1e-4 or len(loud) < RATE_HZ // 10:
        raise ValueError("the clip has no speech")
    cut = sound[max(0, loud[0] - _AROUND) : loud[-1] + _AROUND]
    return np.asarray(cut * (_PEAK / peak), np.float32)
