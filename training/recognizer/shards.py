"""Speech on disk: shards of 16 kHz 16-bit audio with a line of JSON per clip.

`NAME.npy` holds all clips end to end, `NAME.jsonl` says for each: language, words, text, voice,
start and samples. The second file is written last: where it is, the shard is whole.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

from training.recognizer.commands import Sentence

CLIPS_PER_SHARD = 50
RATE_HZ = 16_000
Samples = npt.NDArray[np.int16]
Spoken = tuple[Sentence, str, Samples]
"""A sentence, its voice and its sound."""


def to_samples(audio: npt.NDArray[np.float32], rate_hz: int) -> Samples:
    """Audio from -1 to 1 at any rate as 16 kHz, 16 bit."""
    resampled = soxr.resample(audio, rate_hz, RATE_HZ)
    return np.asarray(np.clip(resampled, -1, 1) * 32767, np.int16)


def write_shard(path: Path, clips: list[Spoken]) -> None:
    """Write clips as `path` with the endings .npy and .jsonl."""
    lines, start = [], 0
    for sentence, voice, samples in clips:
        lines.append(
            {"language": sentence.language, "words": sentence.words, "text": sentence.text,
             "voice": voice, "start": start, "samples": len(samples)}
        )  # fmt: skip
        start += len(samples)
    np.save(path.with_suffix(".npy"), np.concatenate([samples for _, _, samples in clips]))
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    path.with_suffix(".jsonl").write_text(text + "\n", "utf-8")


def read_shard(index: Path) -> Iterator[Spoken]:
    """The clips of the shard whose .jsonl file is `index`."""
    audio = np.load(index.with_suffix(".npy"))
    for line in index.read_text("utf-8").splitlines():
        clip = json.loads(line)
        samples = audio[clip["start"] : clip["start"] + clip["samples"]]
        yield Sentence(clip["language"], clip["words"]), clip["voice"], samples
