"""Work on one recording never meets itself in two threads."""

import asyncio
import threading

import pytest

from tests.support.waiting import until
from tests.wyoming_funasr.conftest import ServiceMaker


async def test_a_caller_that_is_cancelled_waits_for_its_work(make_service: ServiceMaker) -> None:
    service = make_service()
    recordings = service.recordings
    recordings.start()
    begun, may_end, has_ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        may_end.wait(20)
        has_ended.set()

    caller = asyncio.create_task(recordings.call(work))
    await until(begun.is_set)
    caller.cancel()
    assert await recordings.call(lambda: "beside it") == "beside it"
    assert not caller.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert has_ended.is_set()
    await service.close()
