"""Speak the training and test sentences with Kokoro; resumes where it stopped."""

import argparse
import random
from pathlib import Path

from tqdm import tqdm

from training.kokoro import SAMPLE_RATE_HZ, Kokoro, Phonemes
from training.recognizer import voices
from training.recognizer.commands import Sentence, sentences
from training.recognizer.coverage import rare_first
from training.recognizer.shards import CLIPS_PER_SHARD, Spoken, to_samples, write_shard

TRAIN_SEED, TEST_SEED = 1, 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kokoro", type=Path, required=True, help="folder that fetch.sh made")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--english", type=int, default=2400)
    parser.add_argument("--mandarin", type=int, default=2400)
    parser.add_argument("--tests", type=int, default=50, help="test sentences per language and set")
    parser.add_argument("--worker", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    kokoro, phonemes = Kokoro(given.kokoro, threads=1), Phonemes()
    shards = _shards(_plan(given.english, given.mandarin, given.tests))
    mine = shards[given.worker :: given.workers]
    for name, jobs in tqdm(mine, unit="shard"):
        if not (given.output / f"{name}.jsonl").exists():
            write_shard(given.output / name, [_speak(job, kokoro, phonemes) for job in jobs])


Job = tuple[Sentence, dict[str, float], float]


def training_sentences(english: int, mandarin: int) -> list[Sentence]:
    """What the model hears in training, languages mixed."""
    both = sentences("en", english, TRAIN_SEED) + sentences("zh", mandarin, TRAIN_SEED)
    random.Random(0).shuffle(both)
    return both


def unseen_sentences(language: str, count: int, train: int) -> list[Sentence]:
    """Sentences that are not in training."""
    seen = {one.words for one in sentences(language, train, TRAIN_SEED)}
    pool = sentences(language, train + 500, TEST_SEED)
    slots = [one for one in pool if one.words not in seen]
    return slots[:count]


def _plan(english: int, mandarin: int, tests: int) -> dict[str, list[Job]]:
    rng = random.Random(7)
    plan: dict[str, list[Job]] = {}
    for language, train, seen, held in (
        ("en", english, voices.ENGLISH, voices.HELD_OUT_ENGLISH),
        ("zh", mandarin, voices.MANDARIN, voices.HELD_OUT_MANDARIN),
    ):
        unseen = unseen_sentences(language, tests, train)
        plan[f"test-{language}-seen"] = [(s, {rng.choice(seen): 1.0}, 1.0) for s in unseen]
        plan[f"test-{language}-held"] = [(s, {rng.choice(held): 1.0}, 1.0) for s in unseen]
    plan["train"] = [
        (s, _mixed_voice(s.language, rng), rng.uniform(0.85, 1.25))
        for s in rare_first(training_sentences(english, mandarin))
    ]
    return plan


def _mixed_voice(language: str, rng: random.Random) -> dict[str, float]:
    """A voice of the language, most times moved towards another one."""
    own = voices.ENGLISH if language == "en" else voices.MANDARIN
    first = rng.choice(own)
    if rng.random() < 0.4:
        return {first: 1.0}
    foreign = language == "zh" and rng.random() < 0.5
    second = rng.choice(voices.ENGLISH if foreign else own)
    share = rng.uniform(0.15, 0.4) if foreign else rng.uniform(0.2, 0.5)
    return {first: 1.0 - share, second: share} if second != first else {first: 1.0}


def _shards(plan: dict[str, list[Job]]) -> list[tuple[str, list[Job]]]:
    return [
        (f"{name}-{start // CLIPS_PER_SHARD:04d}", jobs[start : start + CLIPS_PER_SHARD])
        for name, jobs in plan.items()
        for start in range(0, len(jobs), CLIPS_PER_SHARD)
    ]


def _speak(job: Job, kokoro: Kokoro, phonemes: Phonemes) -> Spoken:
    sentence, shares, speed = job
    main_voice = max(shares, key=lambda voice: shares[voice])
    spoken = phonemes.of(sentence.text, sentence.language, main_voice)
    audio = kokoro.speak(spoken, shares, speed)
    return sentence, "+".join(shares), to_samples(audio, SAMPLE_RATE_HZ)


if __name__ == "__main__":
    main()
