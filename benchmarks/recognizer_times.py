"""CPU milliseconds that our recognizer takes for an utterance, features included, in one thread.

python -m benchmarks.recognizer_times FOLDER ROUNDS AUDIO.npy ... prints a list of times for each.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from wyoming_funasr.audio.fbank import FbankStream
from wyoming_funasr.engines.base import Place
from wyoming_funasr.engines.table import load_engine
from wyoming_funasr.models import choose_model
from wyoming_funasr.recognition.types import Segment
from wyoming_serving.audio import Samples
from wyoming_serving.devices import choose_device


def main() -> None:
    """Load the model, recognize everything once, then measure."""
    folder, rounds, *files = sys.argv[1:]
    with tempfile.TemporaryDirectory() as cache:
        place = Place(choose_device("cpu", "int8"), 1, Path(cache))
        engine = load_engine(choose_model(folder).family, Path(folder), place)

    def recognize(samples: Samples) -> float:
        started = time.process_time()
        fbank = FbankStream(engine.fbank)
        fbank.take(samples)
        engine.recognize([Segment(engine.features(fbank.between(0, len(samples))))])
        return round((time.process_time() - started) * 1000, 1)

    audio = [np.load(file) for file in files]
    for samples in audio:
        recognize(samples)
    print(json.dumps([[recognize(samples) for _ in range(int(rounds))] for samples in audio]))


if __name__ == "__main__":
    main()
