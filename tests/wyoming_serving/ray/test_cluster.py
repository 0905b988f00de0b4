"""Replicas in a real Ray cluster on this machine, and what may happen to them."""

import asyncio
import itertools
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from benchmarks.ray.cluster import Cluster
from tests.support.ray_cluster import cluster_or_skip
from tests.support.waiting import LONGEST_SECONDS, until
from tests.wyoming_serving.ray.shouter import Gate, Shouter
from wyoming_serving.errors import ErrorCode, QueueFull, ServiceError
from wyoming_serving.job_queue import JobTiming
from wyoming_serving.ray.messages import Question
from wyoming_serving.ray.scheduler import RayScheduler
from wyoming_serving.ray.settings import EngineSettings
from wyoming_serving.ray.streams import RayStreams
from wyoming_serving.scheduler import BatchLimits

if TYPE_CHECKING:  # there may be no ray
    from wyoming_serving.ray.cluster import Replicas

NAMES = (f"shouter-{number}" for number in itertools.count())
"""Each application has its own: what was measured of one that is gone is not the next's."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """One for all; this process is its driver."""
    with cluster_or_skip() as running:
        from wyoming_serving.ray.cluster import connect, disconnect

        connect(running.address)
        yield running
        disconnect()


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """Shut."""
    return Gate(tmp_path)


@asynccontextmanager
async def shouters(
    replicas: int = 1, most: int = 0, **limits: int
) -> AsyncIterator[RayScheduler[str, str]]:
    """A front with so many replicas."""
    async with replicas_of_shouter(replicas, most, **limits) as found:
        scheduler = RayScheduler(found.ask, BatchLimits(job_seconds=60), "shouter")
        try:
            yield scheduler
        finally:
            await scheduler.close()


@asynccontextmanager
async def replicas_of_shouter(
    replicas: int = 1, most: int = 0, *, max_queue: int = 100, job_seconds: int = 60
) -> AsyncIterator["Replicas[str, str]"]:
    """So many replicas, once they answer."""
    from wyoming_serving.ray.cluster import Replicas, application, run

    settings = EngineSettings.model_validate(
        {
            "max_queue": max_queue,
            "drain_seconds": 2,
            "ray_min_replicas": replicas,
            "ray_max_replicas": max(replicas, most),
            "ray_replica_cpus": 0.1,
            "ray_target_requests": 1,
            "ray_upscale_seconds": 0.5,
            "ray_downscale_seconds": 0.5,
            "ray_health_seconds": 1,
        }
    )
    given = {"max_queue": max_queue, "job_seconds": job_seconds}
    app = application(Shouter, given, settings, most_jobs=1 + max_queue)
    name = next(NAMES)
    await asyncio.to_thread(run, name, app, settings)
    found: Replicas[str, str] = await asyncio.to_thread(Replicas, name)
    await asyncio.to_thread(found.facts, 60)
    try:
        yield found
    finally:
        await asyncio.to_thread(found.close)
        await asyncio.to_thread(_delete, name)


def _delete(name: str) -> None:
    from ray import serve

    serve.delete(name)


async def test_fifty_jobs_survive_the_death_of_a_replica(cluster: Cluster, gate: Gate) -> None:
    async with shouters(2) as scheduler:
        jobs = [gate.before(f"job {i}") for i in range(50)]
        answers = [asyncio.create_task(scheduler.submit(job)) for job in jobs]
        await until(lambda: len(gate.waiting()) == 2)
        killed = psutil.Process(gate.waiting()[0])
        killed.kill()
        gate.open()
        assert await asyncio.gather(*answers) == [f"JOB {i}" for i in range(50)]
        assert 0 < scheduler.stats.retried <= 50
        assert scheduler.stats.finished == 50
        await cluster.until_replicas(2, without=[killed])


async def test_a_job_that_kills_its_replicas_is_given_up(cluster: Cluster) -> None:
    async with shouters(2) as scheduler:
        with pytest.raises(ServiceError) as caught:
            await scheduler.submit("die")
        assert caught.value.code == ErrorCode.ENGINE_FAILED
        assert scheduler.stats.retried == 1
        assert await scheduler.submit("still") == "STILL"


async def test_a_replica_whose_engine_hangs_is_replaced(cluster: Cluster, gate: Gate) -> None:
    async with shouters(job_seconds=1) as scheduler:
        before = cluster.replicas()
        hanging = asyncio.create_task(scheduler.submit(gate.before("hang")))
        await until(lambda: bool(gate.waiting()))
        waiting = [asyncio.create_task(scheduler.submit(f"job {i}")) for i in range(5)]
        with pytest.raises(ServiceError, match="did not answer in 1 s"):
            await hanging
        assert await asyncio.gather(*waiting) == [f"JOB {i}" for i in range(5)]
        assert scheduler.stats.retried == 5
        await cluster.until_replicas(1, without=before)


async def test_a_replica_that_is_frozen_is_replaced(cluster: Cluster) -> None:
    async with shouters(2) as scheduler:
        frozen = cluster.replicas()[0]
        os.kill(frozen.pid, signal.SIGSTOP)
        answers = [scheduler.submit(f"job {i}") for i in range(10)]
        assert await asyncio.gather(*answers) == [f"JOB {i}" for i in range(10)]
        await cluster.until_replicas(2, without=[frozen])


async def test_a_full_queue_is_told_at_once(cluster: Cluster, gate: Gate) -> None:
    """At once: while nothing is done."""
    async with shouters(max_queue=2) as scheduler:
        first = asyncio.create_task(scheduler.submit(gate.before("job")))
        await until(lambda: bool(gate.waiting()))
        jobs = [asyncio.create_task(scheduler.submit("job")) for _ in range(7)]
        await until(lambda: scheduler.stats.refused == 5)
        assert scheduler.stats.finished == 0
        gate.open()
        outcomes = await asyncio.gather(first, *jobs, return_exceptions=True)
        assert outcomes.count("JOB") == 3
        assert sum(isinstance(one, QueueFull) for one in outcomes) == 5


async def streamed(streams: RayStreams[str, str], text: str) -> list[str]:
    """A text, said word by word."""
    said: list[str] = []

    def question() -> Question[str]:
        return Question(" ".join(text.split()[len(said) :]), admitted=bool(said))

    async with aclosing(streams.stream(question, JobTiming())) as words:
        async for word in words:
            said.append(word)
    return said


def streams_of(found: "Replicas[str, str]") -> RayStreams[str, str]:
    return RayStreams(found.stream, BatchLimits(job_seconds=60), "shouter", first_seconds=0)


async def test_streams_survive_the_death_of_a_replica(cluster: Cluster, gate: Gate) -> None:
    async with replicas_of_shouter(2) as found:
        streams = streams_of(found)
        texts = [f"this is text {gate.before(str(i))} of ten" for i in range(10)]
        saying = [asyncio.create_task(streamed(streams, text)) for text in texts]
        await until(lambda: len(gate.waiting()) == 2)
        psutil.Process(gate.waiting()[0]).kill()
        gate.open()
        said = await asyncio.gather(*saying)
        assert said == [["THIS", "IS", "TEXT", str(i), "OF", "TEN"] for i in range(10)]
        assert 0 < streams.stats.retried <= 10


async def test_streams_are_refused_at_once_where_the_queue_is_full(
    cluster: Cluster, gate: Gate
) -> None:
    async with replicas_of_shouter(max_queue=2) as found:
        streams = streams_of(found)
        first = asyncio.create_task(streamed(streams, gate.before("text")))
        await until(lambda: bool(gate.waiting()))
        more = [asyncio.create_task(streamed(streams, "text")) for _ in range(19)]
        await until(lambda: streams.stats.refused == 17)
        assert streams.stats.finished == 0
        gate.open()
        outcomes = await asyncio.gather(first, *more, return_exceptions=True)
        assert outcomes.count(["TEXT"]) == 3
        assert sum(isinstance(one, QueueFull) for one in outcomes) == 17


async def test_a_stream_that_nobody_takes_ends_at_the_replica(cluster: Cluster) -> None:
    async with replicas_of_shouter() as found:
        streams = streams_of(found)
        text = "a " * 100_000  # it would take hours
        async with aclosing(streams.stream(lambda: Question(text), JobTiming())) as words:
            assert await anext(words) == "A"
        async with asyncio.timeout(LONGEST_SECONDS):
            while (  # noqa: ASYNC110  only the replica knows
                await asyncio.to_thread(found.facts, LONGEST_SECONDS)
            ).engine:
                await asyncio.sleep(0.02)


async def test_errors_come_back_as_they_were(cluster: Cluster) -> None:
    async with shouters() as scheduler:
        with pytest.raises(ServiceError, match="nothing was said") as caught:
            await scheduler.submit("refuse")
        assert caught.value.code == ErrorCode.AUDIO_INVALID
        with pytest.raises(RuntimeError, match="this job is none"):
            await scheduler.submit("fail")


async def test_replicas_follow_the_load(cluster: Cluster, gate: Gate) -> None:
    async with shouters(1, most=3) as scheduler:
        jobs = [asyncio.create_task(scheduler.submit(gate.before("more"))) for _ in range(8)]
        await cluster.until_replicas(3)
        gate.open()
        assert await asyncio.gather(*jobs) == ["MORE"] * 8
        await cluster.until_replicas(1)
        assert await scheduler.submit("still") == "STILL"
        assert scheduler.stats.finished == 9


async def test_what_cannot_be_made_is_one_line(cluster: Cluster) -> None:
    from wyoming_serving.ray.cluster import application, run

    name = next(NAMES)
    settings = EngineSettings.model_validate({})
    app = application(Shouter, {"failure": "no model of that name"}, settings, 1)
    try:
        with pytest.raises(ServiceError) as caught:
            await asyncio.to_thread(run, name, app, settings)
    finally:
        await asyncio.to_thread(_delete, name)
    assert caught.value.text == f"the replicas of {name} cannot be made: no model of that name"
