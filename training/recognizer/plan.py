"""What is spoken by whom: a list of readings, of which every beginning is balanced."""

import hashlib
import itertools
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from training.recognizer import text, voices
from training.recognizer.commands import Sentence
from training.recognizer.home_text import HomeText
from training.recognizer.wide import WideText

_TRAIN_SEED, _DEVELOPMENT_SEED, _TEST_SEED = 21, 22, 23
_DEVELOPMENT, _TEST = 40, 60
"""Generated sentences of a language; development has those written by hand besides."""

_COUNTS = {
    "en": {"everyday": 1500, "intents": 900, "usual": 700,
           "words": 1700, "plain": 1000, "numbers": 500},
    "zh": {"everyday": 1500, "intents": 800, "usual": 600,
           "words": 1400, "plain": 700, "numbers": 400, "mixed": 500},
}  # fmt: skip
"""Kokoro's clips for training by kind: half of them are no commands."""
_OTHERS_SHARE = {("piper", "en"): 0.2, ("espeak", "en"): 0.12, ("espeak", "zh"): 0.1}
"""Clips of the rough and fast synthesizers for each of Kokoro's."""


@dataclass(frozen=True)
class Reading:
    """A sentence, and how it is to be spoken."""

    set: str
    """train, development or test."""
    kind: str
    language: str
    words: str
    synthesizer: str
    voices: tuple[tuple[str, float], ...]
    """Names and shares."""
    speed: float

    @property
    def sentence(self) -> Sentence:
        return Sentence(self.language, self.words)

    @property
    def name(self) -> str:
        """Made from all the rest, so that a clip stays good when the plan around it changes."""
        content = repr((self.set, self.words, self.synthesizer, self.voices, self.speed))
        return f"{self.language}_{hashlib.sha256(content.encode()).hexdigest()[:12]}"


def readings() -> list[Reading]:
    """The whole plan: development first, then training with the test sets early within it."""
    development = list(_development())
    test = list(_test(development))
    train = list(_train({_letters(one.words) for one in (*development, *test)}))
    random.Random(5).shuffle(train)
    early = 10 * len(test)
    return [*development, *train[:early], *test, *train[early:]]


def _development() -> Iterator[Reading]:
    for language in ("en", "zh"):
        rng = random.Random(f"{language}{_DEVELOPMENT_SEED}")
        made = itertools.islice(_varied(language, rng), _DEVELOPMENT)
        for words in (*text.lines("development", language), *made):
            three = rng.sample(voices.TRAINING[language], 3)
            shares = [rng.uniform(0.2, 1) for _ in three]
            mixture = tuple((v, s / sum(shares)) for v, s in zip(three, shares, strict=True))
            speed = rng.uniform(0.85, 1.25)
            yield Reading("development", "", language, words, "kokoro", mixture, speed)


def _test(known: list[Reading]) -> Iterator[Reading]:
    taken = {_letters(one.words) for one in known}
    for language in ("en", "zh"):
        rng = random.Random(f"{language}{_TEST_SEED}")
        new = (words for words in _varied(language, rng) if _letters(words) not in taken)
        speakers = itertools.cycle(voices.HELD_OUT[language])
        for words, voice in itertools.islice(zip(new, speakers, strict=False), _TEST):
            yield Reading("test", "", language, words, "kokoro", ((voice, 1.0),), 1.0)


def _varied(language: str, rng: random.Random) -> Iterator[str]:
    """Three everyday commands for each plain sentence."""
    home, wide = HomeText(language, rng).everyday(), WideText(language, rng).plain()
    while True:
        yield from (next(home), next(home), next(home), next(wide))


def _train(barred: set[str]) -> Iterator[Reading]:
    for language, counts in _COUNTS.items():
        for synthesizer in ("kokoro", "piper", "espeak"):
            share = (
                1.0 if synthesizer == "kokoro" else _OTHERS_SHARE.get((synthesizer, language), 0)
            )
            rng = random.Random(f"{language}{synthesizer}{_TRAIN_SEED}")
            for kind, count in counts.items():
                for words in _unlike(barred, _source(kind, language, rng), round(share * count)):
                    voice = _voice(synthesizer, language, rng)
                    speed = rng.uniform(0.8, 1.3)
                    yield Reading("train", kind, language, words, synthesizer, voice, speed)


def _source(kind: str, language: str, rng: random.Random) -> Iterator[str]:
    if kind in ("everyday", "intents", "usual"):
        home = HomeText(language, rng)
        return {"everyday": home.everyday, "intents": home.intents, "usual": home.usual}[kind]()
    wide = WideText(language, rng)
    return {"words": wide.words, "plain": wide.plain, "numbers": wide.numbers, "mixed": wide.mixed}[
        kind
    ]()


def _unlike(barred: set[str], source: Iterable[str], count: int) -> Iterator[str]:
    """Sentences that do not judge; one may come three times, in other voices."""
    met: dict[str, int] = {}
    for words in source:
        if count == 0:
            return
        key = _letters(words)
        met[key] = met.get(key, 0) + 1
        if key not in barred and met[key] <= 3 and len(words) <= 90:
            count -= 1
            yield words


def _letters(words: str) -> str:
    return re.sub(r"[\W_]", "", words.lower())


def _voice(synthesizer: str, language: str, rng: random.Random) -> tuple[tuple[str, float], ...]:
    if synthesizer == "piper":
        return (("joe", 1.0),)
    if synthesizer == "espeak":
        base = {"en": ["en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp"], "zh": ["cmn-latn-pinyin"]}
        variant = rng.choice(["", "+m1", "+m3", "+m5", "+m7", "+f1", "+f2", "+f4", "+f5"])
        return ((rng.choice(base[language]) + variant, 1.0),)
    own = voices.TRAINING[language]
    first = rng.choice(own)
    if rng.random() < 0.4:
        return ((first, 1.0),)
    foreign = language == "zh" and rng.random() < 0.5
    second = rng.choice([v for v in (voices.TRAINING["en"] if foreign else own) if v != first])
    share = rng.uniform(0.15, 0.4) if foreign else rng.uniform(0.2, 0.5)
    return ((first, 1.0 - share), (second, share))
