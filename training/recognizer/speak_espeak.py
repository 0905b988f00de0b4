"""More training sentences in espeak-ng's voices: rough speech, made in no time.

They keep the recognizer from learning the few thousand neural sentences by heart.
"""

import argparse
import io
import random
import subprocess
from pathlib import Path

import soundfile
from pypinyin import Style, lazy_pinyin
from tqdm import tqdm

from training.recognizer.commands import Sentence, sentences
from training.recognizer.shards import CLIPS_PER_SHARD, Samples, to_samples, write_shard
from training.recognizer.synthesize import training_sentences, unseen_sentences

_SEED = 3
_VARIANTS = ["", "+m1", "+m3", "+m7", "+f1", "+f2", "+f4"]
_VOICES = {"en": ["en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp"], "zh": ["cmn-latn-pinyin"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--sentences", type=int, default=200, help="per language")
    given = parser.parse_args()
    rng = random.Random(_SEED)
    chosen = _new_sentences("en", given.sentences) + _new_sentences("zh", given.sentences)
    rng.shuffle(chosen)
    for start in tqdm(range(0, len(chosen), CLIPS_PER_SHARD), unit="shard"):
        clips = []
        for sentence in chosen[start : start + CLIPS_PER_SHARD]:
            voice = rng.choice(_VOICES[sentence.language]) + rng.choice(_VARIANTS)
            clips.append((sentence, voice, _speak(sentence, voice, rng)))
        write_shard(given.output / f"train-espeak-{start // CLIPS_PER_SHARD:04d}", clips)


def _new_sentences(language: str, count: int) -> list[Sentence]:
    """Sentences that neither the tests nor the other training speech have."""
    known = {one.words for one in training_sentences(2400, 2400)}
    known |= {one.words for one in unseen_sentences(language, 50, 2400)}
    pool = sentences(language, 2 * count + 500, _SEED)
    return [one for one in pool if one.words not in known][:count]


def _speak(sentence: Sentence, voice: str, rng: random.Random) -> Samples:
    """16 kHz samples; espeak-ng reads Mandarin as pinyin with tone numbers."""
    text = sentence.text
    if sentence.language == "zh":
        text = " ".join(lazy_pinyin(sentence.words, style=Style.TONE3, tone_sandhi=True))
    speed, pitch = rng.randint(120, 180), rng.randint(30, 70)
    command = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "--stdout", text]
    wave = subprocess.run(command, check=True, capture_output=True).stdout
    sound, rate_hz = soundfile.read(io.BytesIO(wave), dtype="float32")
    return to_samples(sound, rate_hz)


if __name__ == "__main__":
    main()
