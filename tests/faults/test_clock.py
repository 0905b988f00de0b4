"""A clock that is set while the service runs ends nothing and delays nothing."""

import asyncio
import time

import pytest

from tests.support.waiting import until
from tests.support.wire import connect
from tests.wyoming_serving.echo import settings
from tests.wyoming_serving.engine import EngineService, shout
from wyoming_serving.service import running
from wyoming_serving.state import ServiceState


@pytest.mark.parametrize("jump_seconds", [-86_400 * 365, 86_400 * 365])
async def test_the_wall_clock_may_jump(
    monkeypatch: pytest.MonkeyPatch, jump_seconds: float
) -> None:
    service = EngineService(
        settings("--idle-seconds", "60", "--canary-seconds", "0.1", "--restart-seconds", "5")
    )
    real = time.time
    async with running(service) as port, connect(port) as wire:
        await wire.send(shout("before"))
        await wire.read_type("ping")
        monkeypatch.setattr(time, "time", lambda: real() + jump_seconds)
        sung = len(service.engine.batches)
        await until(lambda: len(service.engine.batches) > sung + 1)  # canaries go on
        await wire.send(shout("after"))
        async with asyncio.timeout(20):
            assert (await wire.read_type("ping")).data["text"] == "AFTER"
        assert service.state is ServiceState.READY
