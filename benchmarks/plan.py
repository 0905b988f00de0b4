"""How much is measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.utterances import PAUSES_MS


@dataclass(frozen=True)
class Plan:
    """Numbers of requests."""

    name: str
    in_real_time: Mapping[int, int]
    """Commands spoken in real time, all clients together, by the number of clients."""
    in_bursts: Mapping[int, int]
    lengths_s: Sequence[int]
    """Lengths of audio, each sent `per_length` times by one client."""
    per_length: int
    every_paused: int
    """1 takes every sentence with a pause, 9 each ninth one; every pause is there with odd ones."""
    pause_clients: int
    texts: Mapping[int, int]
    """Texts to speak, all clients together, by the number of clients."""
    upstream_sentences: Sequence[str]
    """Sentences spoken `against_upstream` times by MeloTTS upstream's way of computing too."""
    against_upstream: int
    bench_rounds: int
    """Rounds of `wyoming-bench`."""
    in_process_turns: int
    """Turns that our recognizer and sherpa-onnx take, a process each, of so many rounds."""
    in_process_rounds: int
    in_process_s: Sequence[int] = (1, 3, 5, 10)
    """Lengths of audio that they hear in a round."""
    pauses_ms: Sequence[int] = PAUSES_MS


FULL = Plan(
    name="full",
    in_real_time={1: 11, 2: 16, 5: 30, 10: 50},
    in_bursts={1: 8, 2: 10, 5: 15, 10: 20},
    lengths_s=(1, 5, 10),
    per_length=6,
    every_paused=1,
    pause_clients=3,
    texts={1: 5, 2: 4, 5: 10, 10: 10},
    upstream_sentences=("short (10)", "usual (25)", "long (60)"),
    against_upstream=2,
    bench_rounds=2,
    in_process_turns=3,
    in_process_rounds=7,
)
QUICK = Plan(
    name="quick",
    in_real_time={1: 2, 5: 5},
    in_bursts={1: 6, 5: 20},
    lengths_s=(5,),
    per_length=2,
    every_paused=9,
    pause_clients=3,
    texts={1: 2, 5: 5, 10: 10},
    upstream_sentences=("short (10)",),
    against_upstream=1,
    bench_rounds=1,
    in_process_turns=2,
    in_process_rounds=3,
)
