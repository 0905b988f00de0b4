"""Let the teacher speak the training and the judged sentences; resumes where it stopped.

`NAME.npz` holds a shard: `audio` (int16, 16 kHz, all clips end to end), `samples` of each clip,
`frames` (of each MeloTTS phone, all clips end to end), `phones` (how many, of each clip), `pitch`
(Hz of each frame, all clips end to end) and `texts`. A frame is 12.5 ms.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import soxr
from tqdm import tqdm

from training.kokoro import SAMPLE_RATE_HZ, Kokoro, Timed
from training.voice.phonemes import kokoro_phonemes
from training.voice.reading import read
from training.voice.sentences import judged_sentences, training_sentences

RATE_HZ = 16_000
HOP_LENGTH = 200
FRAMES_PER_UNIT = 2
"""A unit of Kokoro's durations is 25 ms."""
SAMPLES_PER_UNIT = FRAMES_PER_UNIT * HOP_LENGTH

VOICE = {"zf_xiaoxiao": 0.5, "af_heart": 0.5}
"""Half a Mandarin voice, half an English one: each alone has the accent of its language in the
other, the blend is understood in both."""

_CLIPS_PER_SHARD = 40
_KEPT_PAUSE = 3
"""Units of silence left before and after a sentence."""

_SILENT_LEVEL = 0.003

_Audio = npt.NDArray[np.float32]


class Spoken(NamedTuple):
    """A sentence at 16 kHz, the frames of each of its phones, and the pitch of each frame in Hz."""

    samples: _Audio
    frames: npt.NDArray[np.int64]
    pitch: npt.NDArray[np.float32]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kokoro", type=Path, required=True, help="folder that fetch.sh made")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--english", type=int, default=1480)
    parser.add_argument("--mandarin", type=int, default=1480)
    parser.add_argument("--mixed", type=int, default=120)
    parser.add_argument("--worker", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    kokoro = Kokoro(given.kokoro, threads=1)
    shards = _shards(given.english, given.mandarin, given.mixed)
    for name, texts in tqdm(shards[given.worker :: given.workers], unit="shard"):
        path = given.output / f"{name}.npz"
        if not path.exists():
            write_shard(path, texts, [speak(kokoro, text) for text in texts])


def speak(kokoro: Kokoro, text: str) -> Spoken:
    """A sentence as the teacher says it, both ends' pads included."""
    phonemes = kokoro_phonemes(read(text))
    said = kokoro.speak_timed("".join(phonemes), VOICE, 1.0)
    counts = [1, *(len(phoneme) for phoneme in phonemes[1:-1]), 1]
    per_phone = np.add.reduceat(said.units, np.cumsum([0, *counts[:-1]])) * (np.array(counts) > 0)
    resampled = np.asarray(soxr.resample(said.samples, SAMPLE_RATE_HZ, RATE_HZ), np.float32)
    return _without_pauses(Timed(resampled, per_phone, said.pitch))


def _without_pauses(said: Timed) -> Spoken:
    """Cut the silence at both ends down to a short pause, off the outermost phones."""
    units = said.units.copy()
    whole = int(units.sum())
    audio = np.pad(said.samples, (0, max(0, whole * SAMPLES_PER_UNIT - len(said.samples))))
    loudness = np.abs(audio[: whole * SAMPLES_PER_UNIT]).reshape(whole, -1).max(axis=1)
    loud = np.flatnonzero(loudness > _SILENT_LEVEL)
    before = max(0, min(loud[0] - _KEPT_PAUSE, units[0] - 1))
    after = max(0, whole - 1 - loud[-1] - _KEPT_PAUSE)
    units[0] -= before
    for index in reversed(range(len(units))):
        cut = min(after, units[index] - min(1, units[index]))
        units[index] -= cut
        after -= cut
    kept = slice(before, before + int(units.sum()))
    samples = audio[kept.start * SAMPLES_PER_UNIT : kept.stop * SAMPLES_PER_UNIT]
    pitch = said.pitch[kept.start * FRAMES_PER_UNIT : kept.stop * FRAMES_PER_UNIT]
    return Spoken(samples, units * FRAMES_PER_UNIT, pitch)


def _shards(english: int, mandarin: int, mixed: int) -> list[tuple[str, list[str]]]:
    """English and Mandarin in turn, so that a corpus cut short has both."""
    judged = {f"judged-{language}": judged_sentences(language) for language in ("en", "zh")}
    counts = {"en": english, "zh": mandarin, "mixed": mixed}
    shards = [
        (f"train-{start // _CLIPS_PER_SHARD:03d}-{language}", texts[start:][:_CLIPS_PER_SHARD])
        for language, count in counts.items()
        for texts in [training_sentences(language, count)]
        for start in range(0, len(texts), _CLIPS_PER_SHARD)
    ]
    return [*sorted(shards), *judged.items()]


def write_shard(path: Path, texts: list[str], spoken: list[Spoken]) -> None:
    """Write clips and what they say; the file appears when it is whole."""
    audio = np.concatenate([one.samples for one in spoken])
    partial = path.with_suffix(".partial.npz")
    np.savez(
        partial,
        audio=np.asarray(np.clip(audio, -1, 1) * 32767, np.int16),
        samples=[len(one.samples) for one in spoken],
        frames=np.concatenate([one.frames for one in spoken]),
        phones=[len(one.frames) for one in spoken],
        pitch=np.concatenate([one.pitch for one in spoken]).astype(np.float16),
        texts=texts,
    )
    partial.rename(path)


if __name__ == "__main__":
    main()
