"""What the way to a replica costs, what replicas carry, and what faults cost.

    python -m benchmarks.ray [--seconds 5] [--requests 100] [--output benchmarks/results]

Starts a Ray cluster of its own on loopback, with the demo models; needs the extra `ray`. Takes
about six minutes. Writes `ray.md` and `ray.json`; then `python -m benchmarks.ray.summary` quotes
them in docs/scaling.md.
"""

import argparse
import asyncio
import json
import signal
from dataclasses import asdict
from pathlib import Path

from benchmarks.machine import commit, processor
from benchmarks.ray.cluster import Cluster, ray_cluster
from benchmarks.ray.faults import Fault, flooded, hit_one, scaled
from benchmarks.ray.fronts import front_killed, head_restarted
from benchmarks.ray.load import Run, measured
from benchmarks.ray.page import page
from benchmarks.ray.subjects import Place, Subjects, recognizer, speaker
from wyoming_serving.devices import available_cores

REPLICAS = (1, 2, 4)
_SERVICES: dict[str, Subjects] = {"recognizer": recognizer, "speaker": speaker}
_HIT = {"recognizer": 50, "speaker": 16}
_HITS = {
    "a replica of two killed": signal.SIGKILL,
    "a replica of two frozen": signal.SIGSTOP,
}
_SCALED_SECONDS = 2.0
_SCALED_CLIENTS = 8


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=5.0, help="of load, for each engine")
    parser.add_argument("--requests", type=int, default=100, help="one after the other")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results"))
    given = parser.parse_args()
    runs, faults = asyncio.run(_measure(given.requests, given.seconds))
    given.output.mkdir(parents=True, exist_ok=True)
    found = {
        "processor": processor(),
        "cores": available_cores(),
        "commit": commit(),
        "runs": [asdict(one) for one in runs],
        "faults": [asdict(one) for one in faults],
    }
    raw = json.dumps(found, indent=2)
    (given.output / "ray.json").write_text(f"{raw}\n", encoding="utf-8")
    (given.output / "ray.md").write_text(page(runs, faults), encoding="utf-8")


async def _measure(requests: int, seconds: float) -> tuple[list[Run], list[Fault]]:
    runs: list[Run] = []
    faults: list[Fault] = []
    for service, subjects in _SERVICES.items():
        async with subjects(Place()) as subject:
            runs.append(await measured(service, 0, subject, requests, seconds))
        with ray_cluster(cpus=max(REPLICAS)) as cluster:  # of which the machine may have fewer
            for replicas in REPLICAS:
                async with subjects(Place(cluster, replicas)) as subject:
                    runs.append(await measured(service, replicas, subject, requests, seconds))
                    if replicas == 2:
                        for what, number in _HITS.items():
                            count = _HIT[service]
                            faults.append(
                                await hit_one(service, what, number, count, subject, cluster)
                            )
            async with subjects(Place(cluster, max_queue=4)) as subject:
                faults.append(await flooded(service, _HIT[service], subject))
            if service == "recognizer":
                faults += await _of_any_engine(service, cluster)
    return runs, faults


async def _of_any_engine(service: str, cluster: Cluster) -> list[Fault]:
    """What is the same for every engine, with the recognizer; ends the cluster."""
    async with recognizer(Place(cluster, most_replicas=3)) as subject:
        followed = await scaled(service, _SCALED_SECONDS, _SCALED_CLIENTS, subject, cluster)
    return [
        followed,
        *await front_killed(_HIT[service], cluster),
        *await head_restarted(_HIT[service], cluster),
    ]


if __name__ == "__main__":
    main()
