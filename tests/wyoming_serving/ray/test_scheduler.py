"""The scheduler of a front with replicas in this process: what is asked, again, and what is not."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest

from tests.support.waiting import until
from wyoming_serving.errors import ErrorCode, QueueFull, ServiceError
from wyoming_serving.job_queue import JobTiming
from wyoming_serving.ray.messages import Answer, Failure, Question, ReplicaFacts, ReplicaLost
from wyoming_serving.ray.replica import AnsweringReplica
from wyoming_serving.ray.scheduler import RayScheduler
from wyoming_serving.scheduler import BatchLimits, Scheduler, each

Ask = Callable[[Question[str]], Awaitable[Answer[str]]]


def front(ask: Ask, job_seconds: float = 60.0) -> RayScheduler[str, str]:
    return RayScheduler(ask, BatchLimits(max_wait_seconds=0, job_seconds=job_seconds), "engine")


@asynccontextmanager
async def replica(
    run: Callable[[str], str], ended: list[int] | None = None, **limits: float
) -> AsyncIterator[AnsweringReplica[str, str]]:
    scheduler = Scheduler(each(run), BatchLimits(max_jobs=1, **limits))  # type: ignore[arg-type]
    end = (ended if ended is not None else []).append
    scheduler.start()
    facts = ReplicaFacts("1", {}, "CPU")
    canary = partial(scheduler.submit, "canary")
    yield AnsweringReplica(scheduler, canary, facts, lambda: end(1))
    await scheduler.close()


async def test_a_job_is_answered_and_timed() -> None:
    async with replica(str.upper) as shouter:
        scheduler, timing = front(shouter.answer), JobTiming()
        assert await scheduler.submit("one", timing=timing) == "ONE"
    assert timing.run_seconds > 0
    assert (scheduler.stats.finished, scheduler.running) == (1, 0)


async def test_a_lost_replica_costs_one_more_question() -> None:
    lost = [ReplicaLost("it died")]
    async with replica(str.upper) as shouter:

        async def ask(question: Question[str]) -> Answer[str]:
            if lost:
                raise lost.pop()
            return await shouter.answer(question)

        scheduler = front(ask)
        assert await scheduler.submit("one") == "ONE"
    assert (scheduler.stats.finished, scheduler.stats.retried) == (1, 1)


async def test_a_job_that_loses_two_replicas_is_given_up() -> None:
    asked: list[str] = []

    async def ask(question: Question[str]) -> Answer[str]:
        asked.append(question.job)
        raise ReplicaLost("it died")

    scheduler = front(ask)
    with pytest.raises(ServiceError, match="2 replicas were lost") as caught:
        await scheduler.submit("one")
    assert caught.value.code == ErrorCode.ENGINE_FAILED
    assert asked == ["one"] * 2
    assert scheduler.failures_in_row == 1


async def test_what_a_replica_refuses_is_refused_at_once() -> None:
    asked = 0

    async def ask(question: Question[str]) -> Answer[str]:
        nonlocal asked
        asked += 1
        return Answer(JobTiming(), failure=Failure(ErrorCode.QUEUE_FULL, "32 requests wait"))

    scheduler = front(ask)
    with pytest.raises(QueueFull, match="32 requests wait"):
        await scheduler.submit("one")
    assert (asked, scheduler.stats.refused, scheduler.failures_in_row) == (1, 1, 0)


async def test_a_jobs_own_failure_is_told_and_not_repeated() -> None:
    ran: list[str] = []

    def run(job: str) -> str:
        ran.append(job)
        raise ServiceError(ErrorCode.AUDIO_INVALID, "nothing was said")

    async with replica(run) as shouter:
        scheduler = front(shouter.answer)
        with pytest.raises(ServiceError, match="nothing was said") as caught:
            await scheduler.submit("one")
    assert caught.value.code == ErrorCode.AUDIO_INVALID
    assert (ran, scheduler.failures_in_row) == (["one"], 0)


async def test_an_engine_that_raises_counts_as_a_failure_of_the_replicas() -> None:
    def run(job: str) -> str:
        raise ValueError("no such layer")

    async with replica(run) as shouter:
        scheduler = front(shouter.answer)
        with pytest.raises(RuntimeError, match="no such layer"):
            await scheduler.submit("one")
        assert scheduler.failures_in_row == 1
        with pytest.raises(ValueError, match="no such layer"):
            await shouter.check_health()


async def test_replicas_that_do_not_answer_are_given_up_and_the_question_cancelled() -> None:
    cancelled = asyncio.Event()

    async def ask(question: Question[str]) -> Answer[str]:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        raise AssertionError

    scheduler = front(ask, job_seconds=0.05)
    with pytest.raises(ServiceError, match=r"no replica answered in 0\.05 s"):
        await scheduler.submit("one")
    assert cancelled.is_set()
    assert scheduler.overdue_seconds == 0


async def test_a_caller_that_leaves_takes_its_job_along() -> None:
    asked, cancelled = asyncio.Event(), asyncio.Event()

    async def ask(question: Question[str]) -> Answer[str]:
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        raise AssertionError

    scheduler = front(ask)
    caller = asyncio.create_task(scheduler.submit("one"))
    await asked.wait()
    assert scheduler.running == 1
    await until(lambda: scheduler.overdue_seconds > 0)
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    assert cancelled.is_set()
    assert (scheduler.running, scheduler.stats.cancelled) == (0, 1)


async def test_a_replica_whose_engine_hangs_frees_its_clients_and_ends() -> None:
    ended: list[int] = []
    released = threading.Event()

    def run(job: str) -> str:
        released.wait(60)
        return job

    async with replica(run, ended, job_seconds=0.2) as shouter:
        first = asyncio.create_task(shouter.answer(Question("one")))
        await asyncio.sleep(0)
        second = asyncio.create_task(shouter.answer(Question("two")))
        answer = await first
        assert answer.failure is not None and answer.failure.code == ErrorCode.ENGINE_FAILED
        with pytest.raises(RuntimeError, match="1 batches have not returned"):
            await shouter.check_health()
        await until(lambda: bool(ended))
        assert not second.done()  # it was never begun, so its front may ask another replica
        second.cancel()
        released.set()
