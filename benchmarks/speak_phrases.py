"""Speak the phrases of `data/phrases.tsv` with Kokoro (Apache-2.0), as the recordings there were.

    python -m benchmarks.speak_phrases FOLDER

FOLDER is what `training/recognizer/fetch.sh` made; that folder's requirements.txt is needed too.
"""

import argparse
import csv
from pathlib import Path

import soundfile

from training.kokoro import SAMPLE_RATE_HZ, Kokoro, Phonemes
from training.recognizer.speech import RATE_HZ, at_16_khz

_DATA = Path(__file__).parent / "data"


def main() -> None:
    """Write one FLAC file for each line of the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kokoro", type=Path, help="folder that fetch.sh made")
    kokoro, phonemes = Kokoro(parser.parse_args().kokoro, threads=1), Phonemes()
    with (_DATA / "phrases.tsv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            spoken = phonemes.of(row["text"], row["language"], row["voice"])
            audio = kokoro.speak(spoken, {row["voice"]: 1.0}, speed=1.0)
            soundfile.write(_DATA / row["file"], at_16_khz(audio, SAMPLE_RATE_HZ), RATE_HZ)


if __name__ == "__main__":
    main()
