"""The whole recipe, from nothing to a judged model: `python -m training.recognizer --work FOLDER`.

Each stage skips what is there, so that the same command resumes.
"""

import argparse
import logging
import subprocess
from pathlib import Path

from training.recognizer.evaluate import evaluate
from training.recognizer.export import export
from training.recognizer.synthesize import synthesize
from training.recognizer.train import CURVE, FRAMES, train

_HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m training.recognizer")
    parser.add_argument("--work", type=Path, default=Path("training-data"))
    parser.add_argument("--more", type=Path, nargs="*", default=[], help="more clips to train on")
    parser.add_argument("--minutes", type=float, default=600, help="of training")
    parser.add_argument("--output", type=Path, default=Path("wyoming_funasr/demo_model"))
    parser.add_argument("--recordings", type=Path, help="folder with WAV files, transcripts.tsv")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    kokoro, speech, training = (given.work / name for name in ("kokoro", "speech", "training"))
    if not (kokoro / "kokoro.onnx").exists():
        subprocess.run([_HERE / "fetch.sh", kokoro], check=True)
    synthesize(kokoro, speech)
    train(speech, given.more, training, given.minutes, FRAMES)
    export(training, given.output)
    report, curve = _HERE / "results.md", training / CURVE
    evaluate(given.output, speech, given.recordings, report, curve, "auto")


if __name__ == "__main__":
    main()
