"""Wide word lists from packages: English from wordninja and misaki, Mandarin from jieba."""

import gzip
import json
import random
import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

import jieba

_ENGLISH, _MANDARIN = 14_000, 10_000
_UNFIT = re.compile("fuck|shit|cunt|porn|nigg|rape|sex|ejac|penis|vagin|slut|whore|nazi|bitch")


@cache
def english_words() -> list[str]:
    """Frequent words (Wikipedia's order) whose pronunciation misaki's dictionary knows."""
    found = find_spec("wordninja")  # importing it would load its model of English
    if found is None or found.origin is None:
        raise ModuleNotFoundError("wordninja is missing: see training/recognizer/requirements.txt")
    packed = Path(found.origin).parent / "wordninja" / "wordninja_words.txt.gz"
    by_frequency = gzip.decompress(packed.read_bytes()).decode("utf-8").split()
    spoken = json.loads(resources.files("misaki").joinpath("data/us_gold.json").read_text("utf-8"))
    fit = (w for w in by_frequency if len(w) > 2 and w in spoken and not _UNFIT.search(w))
    return [word for word, _ in zip(fit, range(_ENGLISH), strict=False)]


@cache
def mandarin_words() -> list[str]:
    """The most frequent words of two to four characters."""
    lines = jieba.get_dict_file().read().decode("utf-8").splitlines()
    rows = (line.split(" ") for line in lines)
    rated = [(int(row[1]), row[0]) for row in rows if re.fullmatch("[\u4e00-\u9fff]{2,4}", row[0])]
    return [word for _, word in sorted(rated, reverse=True)[:_MANDARIN]]


def in_turn(words: list[str], rng: random.Random) -> Iterator[str]:
    """All words in random order again and again, so that each is met about equally often."""
    while True:
        yield from rng.sample(words, len(words))
