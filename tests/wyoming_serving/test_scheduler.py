import asyncio
import threading
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio

from tests.support.waiting import until
from wyoming_serving.errors import QueueFull
from wyoming_serving.scheduler import BatchLimits, Scheduler, call_in_thread, each


class Device:
    """Doubles numbers; each batch waits until it is let go."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.batches: list[list[int]] = []
        self.threads: set[str] = set()

    def run(self, jobs: Sequence[int]) -> list[int]:
        self.batches.append(list(jobs))
        self.threads.add(threading.current_thread().name)
        assert self.gate.wait(20)
        if any(job < 0 for job in jobs):
            raise ValueError("negative")
        return [2 * job for job in jobs]


@pytest_asyncio.fixture
async def device() -> AsyncIterator[Device]:
    device = Device()
    yield device
    device.gate.set()


def scheduler(device: Device, **limits: float) -> Scheduler[int, int]:
    made: Scheduler[int, int] = Scheduler(
        device.run,
        BatchLimits(**limits),  # type: ignore[arg-type]
        size=abs,
    )
    made.start()
    return made


async def first_running(device: Device, made: Scheduler[int, int], job: int) -> asyncio.Task[int]:
    """Submit a job and wait until it occupies the device."""
    task = asyncio.create_task(made.submit(job))
    count = len(device.batches)
    await until(lambda: len(device.batches) > count)
    return task


async def test_what_waits_becomes_one_batch_in_one_thread(device: Device) -> None:
    made = scheduler(device)
    first = await first_running(device, made, 1)
    others = [asyncio.create_task(made.submit(job)) for job in (2, 3, 4)]
    await until(lambda: made.depth == 3)
    device.gate.set()
    assert await asyncio.gather(first, *others) == [2, 4, 6, 8]
    assert device.batches == [[1], [2, 3, 4]]
    assert len(device.threads) == 1
    assert made.stats.finished == 4 and made.stats.batches == 2
    await made.close()


async def test_padded_size_bounds_a_batch(device: Device) -> None:
    made = scheduler(device, max_padded_size=20, max_jobs=8)
    first = await first_running(device, made, 1)
    others = [asyncio.create_task(made.submit(job)) for job in (5, 10, 5, 30)]
    await until(lambda: made.depth == 4)
    device.gate.set()
    await asyncio.gather(first, *others)
    assert device.batches == [[1], [5, 10], [5], [30]]
    await made.close()


async def test_lower_priority_numbers_go_first_and_equals_in_order(device: Device) -> None:
    made = scheduler(device, max_jobs=1)
    first = await first_running(device, made, 1)
    late = [asyncio.create_task(made.submit(job, priority=1)) for job in (2, 3)]
    await until(lambda: made.depth == 2)
    early = asyncio.create_task(made.submit(4))
    await until(lambda: made.depth == 3)
    device.gate.set()
    await asyncio.gather(first, *late, early)
    assert device.batches == [[1], [4], [2], [3]]
    await made.close()


async def test_priorities_are_not_mixed_in_a_batch(device: Device) -> None:
    made = scheduler(device)
    first = await first_running(device, made, 1)
    others = [
        asyncio.create_task(made.submit(job, priority))
        for job, priority in ((2, 1), (3, 0), (4, 1.5), (5, 1), (6, 0))
    ]
    await until(lambda: made.depth == 5)
    device.gate.set()
    await asyncio.gather(first, *others)
    assert device.batches == [[1], [3, 6], [2, 5], [4]]
    await made.close()


async def test_among_equals_the_earliest_deadline_goes_first(device: Device) -> None:
    made = scheduler(device, max_jobs=1)
    first = await first_running(device, made, 1)
    others = [
        asyncio.create_task(made.submit(job, priority, deadline=deadline))
        for job, priority, deadline in ((2, 1, 30), (3, 1, 10), (4, 1, 20), (5, 0, 99))
    ]
    await until(lambda: made.depth == 4)
    device.gate.set()
    await asyncio.gather(first, *others)
    assert device.batches == [[1], [5], [3], [4], [2]]
    await made.close()


async def test_admitted_work_is_never_refused_and_counts_for_others(device: Device) -> None:
    made = scheduler(device, max_queue=2)
    first = await first_running(device, made, 1)
    steps = [asyncio.create_task(made.submit(job, priority=1, admitted=True)) for job in (2, 3, 4)]
    await until(lambda: made.depth == 3)
    with pytest.raises(QueueFull, match="3 requests already wait"):
        await made.submit(5)
    device.gate.set()
    assert await asyncio.gather(first, *steps) == [2, 4, 6, 8]
    await made.close()


async def test_less_urgent_work_does_not_count_against_urgent_work(device: Device) -> None:
    made = scheduler(device, max_queue=1)
    first = await first_running(device, made, 1)
    background = asyncio.create_task(made.submit(2, priority=2))
    await until(lambda: made.depth == 1)
    urgent = asyncio.create_task(made.submit(3))
    await until(lambda: made.depth == 2)
    with pytest.raises(QueueFull):
        await made.submit(4, priority=2)
    device.gate.set()
    assert list(await asyncio.gather(first, background, urgent)) == [2, 4, 6]
    assert device.batches == [[1], [3], [2]]
    await made.close()


async def test_an_exception_among_the_results_fails_its_job_alone() -> None:
    batches = []

    def run(jobs: Sequence[int]) -> list[int | Exception]:
        batches.append(list(jobs))
        return [job if job > 0 else ValueError("negative") for job in jobs]

    made: Scheduler[int, int] = Scheduler(run, BatchLimits())
    tasks = [asyncio.create_task(made.submit(job)) for job in (1, -2, 3)]
    await until(lambda: made.depth == 3)
    made.start()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert (results[0], results[2]) == (1, 3)
    assert isinstance(results[1], ValueError)
    assert batches == [[1, -2, 3]]
    assert (made.stats.finished, made.stats.failed) == (2, 1)
    await made.close()


async def test_a_full_queue_refuses_at_once(device: Device) -> None:
    made = scheduler(device, max_queue=2)
    first = await first_running(device, made, 1)
    others = [asyncio.create_task(made.submit(job)) for job in (2, 3)]
    await until(lambda: made.depth == 2)
    with pytest.raises(QueueFull, match="at most 2"):
        await made.submit(4)
    assert made.stats.refused == 1
    device.gate.set()
    assert await asyncio.gather(first, *others) == [2, 4, 6]
    await made.close()


async def test_an_expected_wait_that_is_too_long_refuses(device: Device) -> None:
    made = scheduler(device, max_jobs=1, max_wait_seconds=0.001)
    learning = await first_running(device, made, 1)
    await asyncio.sleep(0.02)
    device.gate.set()
    await learning
    device.gate.clear()
    running = await first_running(device, made, 1_000)
    with pytest.raises(QueueFull, match="the wait would be"):
        await made.submit(1)
    device.gate.set()
    assert await running == 2_000
    await made.close()


async def test_cancelled_work_is_dropped_before_it_runs(device: Device) -> None:
    made = scheduler(device)
    first = await first_running(device, made, 1)
    gone = asyncio.create_task(made.submit(2))
    kept = asyncio.create_task(made.submit(3))
    await until(lambda: made.depth == 2)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    assert made.depth == 1
    device.gate.set()
    assert list(await asyncio.gather(first, kept)) == [2, 6]
    assert device.batches == [[1], [3]]
    assert made.stats.cancelled == 1
    await made.close()


async def test_one_bad_job_does_not_fail_its_neighbours(device: Device) -> None:
    made = scheduler(device)
    first = await first_running(device, made, 1)
    others = [asyncio.create_task(made.submit(job)) for job in (2, -3, 4)]
    await until(lambda: made.depth == 3)
    device.gate.set()
    results = await asyncio.gather(first, *others, return_exceptions=True)
    assert [results[0], results[1], results[3]] == [2, 4, 8]
    assert isinstance(results[2], ValueError)
    assert made.stats.failed == 1
    await made.close()


async def test_each_runs_every_job_of_a_batch_once_whatever_its_neighbours_do() -> None:
    runs: list[int] = []

    def run(job: int) -> float:
        runs.append(job)
        return 12 / job

    made: Scheduler[int, float] = Scheduler(each(run), BatchLimits())
    waiting = [asyncio.create_task(made.submit(job)) for job in (3, 0, 4)]
    await until(lambda: made.depth == 3)
    made.start()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [results[0], results[2]] == [4, 3]
    assert isinstance(results[1], ZeroDivisionError)
    assert runs == [3, 0, 4]
    assert (made.stats.batches, made.stats.finished, made.stats.failed) == (1, 2, 1)
    await made.close()


async def test_running_counts_the_jobs_of_running_batches(device: Device) -> None:
    made = scheduler(device)
    assert made.running == 0
    first = await first_running(device, made, 1)
    assert made.running == 1
    device.gate.set()
    await first
    await until(lambda: made.running == 0)
    await made.close()


async def test_limits_cannot_be_replaced(device: Device) -> None:
    made = scheduler(device)
    with pytest.raises(AttributeError):
        made.limits = BatchLimits(workers=2)  # type: ignore[misc]
    await made.close()


async def test_a_call_in_a_thread_of_its_own_can_be_left() -> None:
    assert (await call_in_thread(threading.current_thread, "load")).name.startswith("load")
    begun, gate = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        gate.wait(20)

    caller = asyncio.create_task(call_in_thread(wait, "load"))
    await until(begun.is_set)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    gate.set()


async def test_closing_cancels_what_waits(device: Device) -> None:
    made = scheduler(device)
    await first_running(device, made, 1)
    waiting = asyncio.create_task(made.submit(2))
    await until(lambda: made.depth == 1)
    await made.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_workers_share_what_waits(device: Device) -> None:
    made = scheduler(device, workers=2)
    first = [await first_running(device, made, job) for job in (1, 2)]
    others = [asyncio.create_task(made.submit(job)) for job in (3, 4, 5)]
    await until(lambda: made.depth == 3)
    device.gate.set()
    assert await asyncio.gather(*first, *others) == [2, 4, 6, 8, 10]
    assert len(device.threads) == 2
    assert device.batches[:2] == [[1], [2]]
    assert sorted(job for batch in device.batches[2:] for job in batch) == [3, 4, 5]
    await made.close()


async def test_idle_workers_take_equal_parts(device: Device) -> None:
    made: Scheduler[int, int] = Scheduler(device.run, BatchLimits(workers=2), size=abs)
    waiting = [asyncio.create_task(made.submit(job)) for job in (1, 2, 3, 4)]
    await until(lambda: made.depth == 4)
    made.start()
    await until(lambda: len(device.batches) == 2)
    assert device.batches == [[1, 2], [3, 4]]
    device.gate.set()
    assert await asyncio.gather(*waiting) == [2, 4, 6, 8]
    await made.close()
