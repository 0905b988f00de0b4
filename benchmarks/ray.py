"""What the way to a replica costs, what replicas carry, and what a replica's death costs.

    python -m benchmarks.ray [--seconds 20] [--requests 300] [--output benchmarks/results]

Starts a Ray cluster of its own on loopback, with the demo model; needs the extra `ray`. Writes
`ray.md` and `ray.json`.
"""

import argparse
import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from benchmarks.machine import commit, processor
from benchmarks.percentiles import Percentiles, percentiles
from benchmarks.ray_cluster import Cluster, ray_cluster
from benchmarks.ray_simulation import Figures, sessions_table
from wyoming_funasr.pipeline import SpeechPipeline
from wyoming_funasr.recognition.recognizer import RecognitionRequest
from wyoming_funasr.service import FunasrService
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.scheduler import call_in_thread
from wyoming_serving.service import loaded

SPEECH_SECONDS = 3.0
CLIENTS = 8
FAULT_REQUESTS = 50


@dataclass(frozen=True)
class Run:
    """One engine: milliseconds of single requests, and requests a second of `CLIENTS` at once."""

    engine: str
    alone_ms: Percentiles
    run_ms: float
    """Of that, the model's share: the mean."""
    per_second: float
    under_load_ms: Percentiles


@dataclass(frozen=True)
class Fault:
    """What became of requests one of whose two replicas was killed."""

    requests: int
    answered: int
    asked_again: int
    longest_ms: float


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=20.0, help="of load, for each engine")
    parser.add_argument("--requests", type=int, default=300, help="one after the other")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results"))
    given = parser.parse_args()
    runs, fault = asyncio.run(_measure(given.requests, given.seconds))
    given.output.mkdir(parents=True, exist_ok=True)
    found = {"processor": processor(), "commit": commit(), "runs": [asdict(one) for one in runs]}
    raw = json.dumps(found | {"fault": asdict(fault)}, indent=2)
    (given.output / "ray.json").write_text(f"{raw}\n", encoding="utf-8")
    (given.output / "ray.md").write_text(page(runs, fault), encoding="utf-8")


async def _measure(requests: int, seconds: float) -> tuple[list[Run], Fault]:
    runs = []
    async with _engine() as service:
        runs.append(await _run("in-process", service.pipelines[0], requests, seconds))
    with ray_cluster() as cluster:
        for replicas in (1, 2):
            async with _engine(cluster, replicas) as service:
                name = f"ray, {replicas} replica{'s' if replicas > 1 else ''}"
                runs.append(await _run(name, service.pipelines[0], requests, seconds))
                if replicas > 1:
                    fault = await _kill_one(cluster, service.pipelines[0])
    return runs, fault


@asynccontextmanager
async def _engine(
    cluster: Cluster | None = None, replicas: int = 1
) -> AsyncIterator[FunasrService]:
    """The service without sockets, whose engine is in so many replicas or in this process."""
    words = {"model_dir": "demo", "device": "cpu", "threads": 1, "offline": True, "max_queue": 1000}
    if cluster is not None:
        words |= {"engine": "ray", "ray_address": cluster.address, "ray_health_seconds": 1}
        words |= {"ray_min_replicas": replicas, "ray_max_replicas": replicas}
    settings = FunasrSettings.model_validate(words)
    if cluster is not None:
        await call_in_thread(partial(_deploy, settings), "deploy")
    service = FunasrService(settings)
    async with loaded(service):
        yield service


def _deploy(settings: FunasrSettings) -> None:
    from wyoming_funasr.ray import application
    from wyoming_serving.ray import cluster

    cluster.deploy(settings.ray_address, application.NAME, application.from_settings(settings))


async def _request(pipeline: SpeechPipeline) -> RecognitionRequest:
    """Noise, which costs what speech costs and needs no recording."""
    import numpy as np

    noise = np.random.default_rng(0).normal(0, 0.05, int(SPEECH_SECONDS * 16_000))
    return RecognitionRequest(((await pipeline.frontend()).uncut(noise.astype(np.float32)),))


async def _run(name: str, pipeline: SpeechPipeline, requests: int, seconds: float) -> Run:
    request = await _request(pipeline)
    for _ in range(20):
        await pipeline.recognize(request)
    before = pipeline.recognitions.stats.run_seconds
    alone = [await _timed(pipeline, request) for _ in range(requests)]
    run_ms = 1000 * (pipeline.recognitions.stats.run_seconds - before) / requests
    until = time.perf_counter() + seconds
    of_clients = await asyncio.gather(*(_client(pipeline, request, until) for _ in range(CLIENTS)))
    times = [one for times in of_clients for one in times]
    per_second = len(times) / seconds
    return Run(name, percentiles(alone), run_ms, per_second, percentiles(times))


async def _client(
    pipeline: SpeechPipeline, request: RecognitionRequest, until: float
) -> list[float]:
    times = []
    while time.perf_counter() < until:
        times.append(await _timed(pipeline, request))
    return times


async def _timed(pipeline: SpeechPipeline, request: RecognitionRequest) -> float:
    """Returns milliseconds."""
    began = time.perf_counter()
    await pipeline.recognize(request)
    return 1000 * (time.perf_counter() - began)


async def _kill_one(cluster: Cluster, pipeline: SpeechPipeline) -> Fault:
    """Kill a replica while it has some of `FAULT_REQUESTS`."""
    request = await _request(pipeline)
    before = pipeline.recognitions.stats.retried
    jobs = [asyncio.create_task(_timed(pipeline, request)) for _ in range(FAULT_REQUESTS)]
    await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
    cluster.replicas()[0].kill()
    outcomes = await asyncio.gather(*jobs, return_exceptions=True)
    times = [one for one in outcomes if isinstance(one, float)]
    again = pipeline.recognitions.stats.retried - before
    return Fault(FAULT_REQUESTS, len(times), again, max(times))


def page(runs: Sequence[Run], fault: Fault) -> str:
    """Returns what was found, as Markdown."""
    here = runs[0]
    lines = [
        "# Replicas in a Ray cluster",
        "",
        f"Written by `python -m benchmarks.ray` at {commit()} on {processor()}: the demo model, "
        f"{SPEECH_SECONDS:g} s of audio a request, front and replicas on one machine.",
        "",
        "| engine | alone p50 | alone p95 | beyond in-process, p50 | model's share "
        f"| {CLIENTS} clients | their p50 | their p95 |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *(
            f"| {one.engine} | {one.alone_ms.p50:.1f} ms | {one.alone_ms.p95:.1f} ms "
            f"| {one.alone_ms.p50 - here.alone_ms.p50:.1f} ms | {one.run_ms:.1f} ms "
            f"| {one.per_second:.0f} requests/s | {one.under_load_ms.p50:.1f} ms "
            f"| {one.under_load_ms.p95:.1f} ms |"
            for one in runs
        ),
        "",
        f"A replica of two killed while {fault.requests} requests were under way: {fault.answered} "
        f"answered, {fault.asked_again} asked again, the longest after {fault.longest_ms:.0f} ms.",
        "",
        sessions_table(Figures.of(runs[-2].alone_ms.p50 - runs[-2].run_ms)),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
