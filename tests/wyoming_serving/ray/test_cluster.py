"""Replicas in a real Ray cluster on this machine, and what may happen to them."""

import asyncio
import itertools
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from benchmarks.ray.cluster import Cluster
from tests.support.ray_cluster import cluster_or_skip
from tests.support.waiting import until
from tests.wyoming_serving.ray.shouter import JOB_SECONDS, SLOW_SECONDS, Shouter
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


@asynccontextmanager
async def shouters(
    replicas: int = 1, most: int = 0, *, max_queue: int = 100, target: float = 4.0
) -> AsyncIterator[RayScheduler[str, str]]:
    """A front with so many replicas."""
    async with replicas_of_shouter(replicas, most, max_queue=max_queue, target=target) as found:
        scheduler = RayScheduler(found.ask, BatchLimits(job_seconds=60), "shouter")
        try:
            yield scheduler
        finally:
            await scheduler.close()


@asynccontextmanager
async def replicas_of_shouter(
    replicas: int = 1, most: int = 0, *, max_queue: int = 100, target: float = 4.0
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
            "ray_target_requests": target,
            "ray_upscale_seconds": 0.5,
            "ray_downscale_seconds": 0.5,
            "ray_health_seconds": 1,
        }
    )
    app = application(Shouter, {"max_queue": max_queue}, settings, most_jobs=1 + max_queue)
    name = next(NAMES)
    await asyncio.to_thread(run, name, app)
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


async def test_fifty_jobs_survive_the_death_of_a_replica(cluster: Cluster) -> None:
    async with shouters(2) as scheduler:
        assert len(cluster.replicas()) == 2
        answers = [asyncio.create_task(scheduler.submit(f"job {i}")) for i in range(50)]
        await until(lambda: scheduler.stats.finished >= 10)
        killed = cluster.replicas()[0]
        killed.kill()
        assert await asyncio.gather(*answers) == [f"JOB {i}" for i in range(50)]
        assert 0 < scheduler.stats.retried <= 50
        await cluster.until_replicas(2, without=[killed])


async def test_a_job_that_kills_its_replicas_is_given_up(cluster: Cluster) -> None:
    async with shouters(2) as scheduler:
        with pytest.raises(ServiceError) as caught:
            await scheduler.submit("die")
        assert caught.value.code == ErrorCode.ENGINE_FAILED
        assert scheduler.stats.retried == 1
        assert await scheduler.submit("still") == "STILL"


async def test_a_replica_whose_engine_hangs_is_replaced(cluster: Cluster) -> None:
    async with shouters() as scheduler:
        before = cluster.replicas()
        hanging = asyncio.create_task(scheduler.submit("hang"))
        began = time.monotonic()
        await until(lambda: scheduler.running == 1)
        waiting = [asyncio.create_task(scheduler.submit(f"job {i}")) for i in range(5)]
        with pytest.raises(ServiceError, match=f"did not answer in {JOB_SECONDS:g} s"):
            await hanging
        assert time.monotonic() - began < JOB_SECONDS + 5
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


async def test_a_full_queue_is_told_at_once(cluster: Cluster) -> None:
    async with shouters(max_queue=2) as scheduler:
        jobs = [asyncio.create_task(scheduler.submit(f"job {i} for 0.5")) for i in range(8)]
        began = time.monotonic()
        done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_EXCEPTION)
        assert time.monotonic() - began < 0.4
        assert any(isinstance(one.exception(), QueueFull) for one in done)
        outcomes = await asyncio.gather(*jobs, return_exceptions=True)
        assert sum(isinstance(one, str) for one in outcomes) >= 3
        assert all(isinstance(one, str | QueueFull) for one in outcomes)
        assert scheduler.stats.refused + scheduler.stats.finished == 8


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


async def test_streams_survive_the_death_of_a_replica(cluster: Cluster) -> None:
    texts = [f"this is text number {i} of ten and it takes a while" for i in range(10)]
    async with replicas_of_shouter(2) as found:
        streams = streams_of(found)
        saying = [asyncio.create_task(streamed(streams, text)) for text in texts]
        await until(lambda: streams.stats.finished >= 10)
        cluster.replicas()[0].kill()
        assert await asyncio.gather(*saying) == [text.upper().split() for text in texts]
        assert 0 < streams.stats.retried <= 10


async def test_streams_are_refused_at_once_where_the_queue_is_full(cluster: Cluster) -> None:
    async with replicas_of_shouter(max_queue=2) as found:
        streams = streams_of(found)
        texts = [f"text {i}" for i in range(20)]
        outcomes = await asyncio.gather(
            *(streamed(streams, text) for text in texts), return_exceptions=True
        )
        assert all(isinstance(one, list | QueueFull) for one in outcomes), outcomes
        assert any(isinstance(one, list) for one in outcomes)
        assert streams.stats.refused == sum(isinstance(one, QueueFull) for one in outcomes) > 0


async def test_a_stream_that_nobody_takes_ends_at_the_replica(cluster: Cluster) -> None:
    async with replicas_of_shouter() as found:
        streams = streams_of(found)
        async with aclosing(streams.stream(lambda: Question("a " * 200), JobTiming())) as words:
            assert await anext(words) == "A"
        began = time.monotonic()
        assert await streamed(streams, "next") == ["NEXT"]
        assert time.monotonic() - began < 200 * SLOW_SECONDS / 2


async def test_errors_come_back_as_they_were(cluster: Cluster) -> None:
    async with shouters() as scheduler:
        with pytest.raises(ServiceError, match="nothing was said") as caught:
            await scheduler.submit("refuse")
        assert caught.value.code == ErrorCode.AUDIO_INVALID
        with pytest.raises(RuntimeError, match="this job is none"):
            await scheduler.submit("fail")


async def test_replicas_follow_the_load(cluster: Cluster) -> None:
    async with shouters(1, most=3, target=1) as scheduler:
        ending = asyncio.Event()

        async def load() -> None:
            while not ending.is_set():
                await scheduler.submit("more")

        clients = [asyncio.create_task(load()) for _ in range(8)]
        await cluster.until_replicas(3)
        ending.set()
        await asyncio.gather(*clients)
        await cluster.until_replicas(1)
        assert (scheduler.stats.failed, scheduler.stats.refused) == (0, 0)


async def test_what_cannot_be_made_is_one_line(cluster: Cluster) -> None:
    from wyoming_serving.ray.cluster import application, run

    name = next(NAMES)
    app = application(
        Shouter, {"failure": "no model of that name"}, EngineSettings.model_validate({}), 1
    )
    try:
        with pytest.raises(ServiceError) as caught:
            await asyncio.to_thread(run, name, app)
    finally:
        await asyncio.to_thread(_delete, name)
    assert caught.value.text == f"the replicas of {name} cannot be made: no model of that name"
