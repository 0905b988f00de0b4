"""CPU milliseconds that sherpa-onnx takes for an utterance; runs in its own environment.

sherpa_onnx_times.py MODEL TOKENS ROUNDS AUDIO.npy ... prints a list of times for each file.
"""

import json
import sys
import time

import numpy as np
import sherpa_onnx

_RATE_HZ = 16_000


def main() -> None:
    model, tokens, rounds, *files = sys.argv[1:]
    recognizer = sherpa_onnx.OfflineRecognizer.from_sense_voice(
        model, tokens=tokens, num_threads=1, use_itn=True
    )

    def recognize(samples: "np.ndarray") -> float:
        started = time.process_time()
        stream = recognizer.create_stream()
        stream.accept_waveform(_RATE_HZ, samples)
        recognizer.decode_stream(stream)
        return round((time.process_time() - started) * 1000, 1)

    audio = [np.load(file) for file in files]
    for samples in audio:
        recognize(samples)
    print(json.dumps([[recognize(samples) for _ in range(int(rounds))] for samples in audio]))


if __name__ == "__main__":
    main()
