"""One request after the other, and many at once."""

import asyncio
import time
from dataclasses import dataclass

from benchmarks.percentiles import Percentiles, percentiles
from benchmarks.ray.subjects import Answered, Subject

CLIENTS = 8
_WARM_UP = 10


@dataclass(frozen=True)
class Run:
    """What one engine did."""

    service: str
    replicas: int
    """0 is this process."""
    alone_ms: Percentiles
    """To the answer of a request that is alone (in speech: to its first chunk)."""
    run_ms: float
    """Of that, the model's share, on average."""
    per_second: float
    """Requests answered, by `CLIENTS` at once."""
    under_load_ms: Percentiles
    cpu_ms: float
    """CPU time of this process for each of them: with replicas, a front's."""


async def measured(
    service: str, replicas: int, subject: Subject, requests: int, seconds: float
) -> Run:
    """Measure `requests` one after the other, then `CLIENTS` for so many seconds."""
    for _ in range(_WARM_UP):
        await subject.ask()
    alone = [await subject.ask() for _ in range(requests)]
    until = time.perf_counter() + seconds
    cpu = time.process_time()
    of_clients = await asyncio.gather(*(_client(subject, until) for _ in range(CLIENTS)))
    cpu_ms = 1000 * (time.process_time() - cpu)
    answers = [one for of_one in of_clients for one in of_one]
    return Run(
        service,
        replicas,
        percentiles([one.answer_ms for one in alone]),
        sum(one.run_ms for one in alone) / len(alone),
        len(answers) / seconds,
        percentiles([one.answer_ms for one in answers]),
        cpu_ms / len(answers),
    )


async def _client(subject: Subject, until: float) -> list[Answered]:
    answers = []
    while time.perf_counter() < until:
        answers.append(await subject.ask())
    return answers
