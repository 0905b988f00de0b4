"""What a home costs: milliseconds an utterance, seconds to build, memory.

python -m benchmarks.home AUDIO_FOLDER [--entities N] [--pieces tokens.json] decodes recordings with
the demo model, once without a home and once with one of N entities, in one thread. With
`--pieces`, another model's vocabulary (a JSON list), decoding runs on posteriors made up from
sentences of the home, since the model itself may not be there. Prints one line of JSON.
"""

import argparse
import json
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import quantiles

import numpy as np
import psutil

from wyoming_funasr.files import read_audio
from wyoming_funasr.home.description import Area, Entity, Home
from wyoming_funasr.home.grammar import Grammar
from wyoming_funasr.home.knowledge import Knowledge
from wyoming_funasr.home.vocabulary import Vocabulary
from wyoming_funasr.home.writing import ANYTHING
from wyoming_funasr.loading import load_model
from wyoming_funasr.models import choose_model
from wyoming_funasr.pipeline import LoadedModel
from wyoming_funasr.recognition.beam import Lean
from wyoming_funasr.recognition.ctc import LogProbs
from wyoming_funasr.recognition.home import Completeness, Tokens
from wyoming_funasr.recognition.recognizer import RecognitionRequest
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.models.hub import Hub

_LANGUAGES = ("en", "zh")
_SEED = 5
_FRAME_SECONDS = 0.06
_UNSURE_SHARE = 0.35
"""Of the made-up posteriors: what the right token leaves to others, where the model is unsure."""

_ROOMS = {
    "Study": "书房", "Loft": "阁楼", "Pantry": "储藏室", "Den": "影音室", "Porch": "门廊",
    "Nursery": "儿童房", "Cellar": "酒窖", "Workshop": "工作间",
}  # fmt: skip
_THINGS = {
    ("Lamp", "light"): "灯", ("Ceiling Light", "light"): "吸顶灯", ("Blind", "cover"): "窗帘",
    ("Fan", "fan"): "风扇", ("Heater", "climate"): "暖气", ("Plug", "switch"): "插座",
    ("Speaker", "media_player"): "音箱",
}  # fmt: skip


def made_up_home(entities: int) -> Home:
    """A home of many names, always the same one."""
    areas = tuple(Area(name, (chinese,)) for name, chinese in _ROOMS.items())
    things = list(_THINGS.items())
    made = []
    for number in range(entities):
        area = areas[number % len(areas)]
        (thing, domain), chinese = things[number // len(areas) % len(things)]
        turn = number // (len(areas) * len(things))
        suffix, digit = (f" {turn}", f"{turn}号") if turn else ("", "")
        aliases = (f"{area.aliases[0]}{digit}{chinese}",)
        made.append(Entity(f"{area.name} {thing}{suffix}", domain, aliases, area.name))
    return Home((), areas, tuple(made))


class Spy:
    """A home that knows nothing and keeps what it was asked."""

    tag: str | None = None

    def __init__(self) -> None:
        self.heard: list[tuple[str, LogProbs]] = []

    def choose(self, log_probs: LogProbs, language: str | None, also: Lean | None = None) -> None:
        self.heard.append((language or "en", log_probs.copy()))

    def bare(self) -> "Spy":
        return self

    def judge(self, text: str, language: str | None) -> Completeness:
        return Completeness.UNKNOWN

    def as_written(self, text: str) -> str:
        return text


def load_demo() -> LoadedModel:
    """The demo model in one thread."""
    settings = FunasrSettings.model_validate({"model_dir": "demo", "device": "cpu", "threads": 1})
    hub = Hub(settings.hub, settings.cache_dir, offline=True, stall_seconds=10)
    return load_model(choose_model("demo"), settings, hub)


def _recorded(folder: Path) -> tuple[Tokens, list[tuple[str, LogProbs]]]:
    """The demo model's tokens, and its posteriors for every recording of a folder."""
    model = load_demo()
    assert model.recognizer.tokens is not None
    spy = Spy()
    for file in sorted((*folder.rglob("*.flac"), *folder.rglob("*.wav"))):
        segments = model.frontend.segments(read_audio(file))
        model.recognizer.recognize([RecognitionRequest(segments, home=spy)])
    return model.recognizer.tokens, spy.heard


def _made_up(pieces: Sequence[str], home: Home, count: int) -> list[tuple[str, LogProbs]]:
    """Posteriors as of a model that is unsure of one token in four."""
    rng, noise = random.Random(_SEED), np.random.default_rng(_SEED)
    vocabulary = Vocabulary(pieces)
    found = []
    for number in range(count):
        language = _LANGUAGES[number % len(_LANGUAGES)]
        sentence = Grammar(language, home).sample(rng).replace(ANYTHING, "")
        tokens = vocabulary.tokens_for(sentence)
        shares = noise.gamma(0.01, 1e-5, (4 * len(tokens) + 8, len(pieces))) + 1e-9
        shares[:, 0] += 1.0
        for place, token in enumerate(tokens):
            frame = 4 + 4 * place
            left = _UNSURE_SHARE if rng.random() < 0.25 else 0.02
            shares[frame] *= 1e-3
            shares[frame, token] += 1 - left
            shares[frame, noise.integers(1, len(pieces), 8)] += left / 8
        shares /= shares.sum(axis=1, keepdims=True)
        found.append((language, np.log(shares).astype(np.float32)))
    return found


def measure(home: Home, tokens: Tokens, heard: Sequence[tuple[str, LogProbs]]) -> dict[str, object]:
    """CPU times in ms, seconds and MB."""
    process = psutil.Process()
    before, started = process.memory_info().rss, time.process_time()
    known = {one: Knowledge(home, [one], tokens) for one in _LANGUAGES}
    build_seconds = time.process_time() - started
    took = []
    for language, log_probs in heard:
        knowledge = known.get(language, known["en"])
        key = language if language in known else "en"
        took.append(_milliseconds(lambda: knowledge.choose(log_probs, key)))  # noqa: B023  called
    cuts = quantiles(took, n=20)
    return {
        "entities": len(home.entities),
        "pieces": len(tokens.pieces),
        "utterances": len(took),
        "mean_seconds": round(sum(len(one) for _, one in heard) / len(heard) * _FRAME_SECONDS, 1),
        "p50_ms": round(cuts[9], 1),
        "p95_ms": round(cuts[18], 1),
        "max_ms": round(max(took), 1),
        "build_seconds": round(build_seconds, 1),
        "memory_mb": round((process.memory_info().rss - before) / 1e6),
    }


def _milliseconds(run: Callable[[], object]) -> float:
    started = time.process_time()
    run()
    return (time.process_time() - started) * 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.home", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("benchmarks/data"))
    parser.add_argument("--entities", type=int, default=40)
    parser.add_argument("--pieces", type=Path, help="JSON list of another model's pieces")
    given = parser.parse_args()
    home = made_up_home(given.entities)
    if given.pieces is None:
        tokens, heard = _recorded(given.folder)
    else:
        pieces = json.loads(given.pieces.read_text("utf-8"))
        tokens = Tokens(pieces, 0, _FRAME_SECONDS, lambda ids: "".join(pieces[i] for i in ids)
                        .replace("▁", " ").strip())  # fmt: skip
        heard = _made_up(pieces, home, 60)
    print(json.dumps(measure(home, tokens, heard)))


if __name__ == "__main__":
    main()
