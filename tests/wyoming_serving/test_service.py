"""The life of a service: it listens, loads, answers, drains and stops."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any

import psutil
import pytest
from wyoming.event import Event

from tests.support.waiting import until
from tests.support.wire import connect
from tests.wyoming_serving.echo import DESCRIBE, EchoService, alive, echo, reachable, settings
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.service import running, serve
from wyoming_serving.state import ServiceState


async def port_of(serving: asyncio.Task[Any]) -> int:
    """The port of a service that `serve` runs, as the operating system knows it."""
    found: list[int] = []

    def listening() -> bool:
        assert not serving.done()
        found[:] = [
            c.laddr.port for c in psutil.Process().net_connections("tcp") if c.status == "LISTEN"
        ]
        return bool(found)

    await until(listening)
    return found[0]


async def started(service: EchoService) -> tuple[asyncio.Task[int], int]:
    serving = asyncio.create_task(serve(service))
    return serving, await port_of(serving)


async def test_describe_is_answered_while_the_model_loads(service: EchoService) -> None:
    service.loaded.clear()
    serving, port = await started(service)
    assert await alive(port)
    async with connect(port) as wire:
        await wire.send(echo("early"))
        await until(lambda: service.running == 1)
        service.loaded.set()
        assert (await wire.read_type("ping")).data["text"] == "early"
    signal.raise_signal(signal.SIGTERM)
    assert await serving == 0


async def test_a_request_waits_for_the_model_no_longer_than_allowed() -> None:
    service = EchoService(settings("--load-wait-seconds", "0.05"))
    service.loaded.clear()
    serving, port = await started(service)
    async with connect(port) as wire:
        await wire.send(echo("early"))
        await wire.read_error("not-ready")
    signal.raise_signal(signal.SIGTERM)
    assert await serving == 0


async def test_sigterm_lets_running_requests_finish(service: EchoService) -> None:
    serving, port = await started(service)
    service.gate.clear()
    async with connect(port) as wire, connect(port) as idle:
        await idle.send(DESCRIBE)
        await idle.read_type("info")
        await wire.send(Event("echo-start"), echo("last words"))
        await until(lambda: service.running == 1)
        signal.raise_signal(signal.SIGTERM)
        assert await idle.read() is None
        service.gate.set()
        assert (await wire.read_type("ping")).data["text"] == "last words"
        assert await wire.read() is None
    assert await serving == 0
    assert service.closed


async def test_draining_ends_after_the_time_allowed() -> None:
    service = EchoService(settings("--drain-seconds", "0.05"))
    serving, port = await started(service)
    service.gate.clear()
    async with connect(port) as wire:
        await wire.send(echo("never"))
        await until(lambda: service.running == 1)
        signal.raise_signal(signal.SIGTERM)
        assert await serving == 0
    assert service.cancelled == 1


async def test_a_model_that_cannot_load_ends_the_service(service: EchoService) -> None:
    service.failure = ServiceError(ErrorCode.MODEL_MISSING, "no model here")
    assert await serve(service) == 1
    assert service.closed


async def test_an_address_in_use_ends_the_service(service: EchoService) -> None:
    async with running(service) as port:
        second = EchoService(settings("--uri", f"tcp://127.0.0.1:{port}"))
        assert await serve(second) == 1


async def test_requests_that_wait_for_a_model_that_fails_to_load_get_an_answer(
    service: EchoService,
) -> None:
    service.loaded.clear()
    service.failure = ServiceError(ErrorCode.MODEL_MISSING, "no model here")
    serving, port = await started(service)
    async with connect(port) as wire:
        await wire.send(echo("early"))
        await until(lambda: service.running == 1)
        service.loaded.set()
        await wire.read_error("not-ready")
    assert await serving == 1


async def test_sigterm_while_the_model_loads_does_not_wait_for_it(service: EchoService) -> None:
    service.loaded.clear()
    serving, port = await started(service)
    async with connect(port) as wire:
        await wire.send(echo("early"))
        await until(lambda: service.running == 1)
        signal.raise_signal(signal.SIGTERM)
        await wire.read_error("not-ready")
    assert await serving == 0
    assert service.closed


class NotedService(EchoService):
    """Notes the states that it passes through."""

    def __init__(self) -> None:
        super().__init__(settings())
        self.states = [self.state]
        self.state_when_closed: ServiceState | None = None

    def enter(self, state: ServiceState) -> None:
        super().enter(state)
        if self.state is not self.states[-1]:
            self.states.append(self.state)

    async def close(self) -> None:
        await super().close()
        self.state_when_closed = self.state


async def run_as_a_process(service: NotedService, stop: asyncio.Event) -> None:
    serving = asyncio.create_task(serve(service))
    await stop.wait()
    signal.raise_signal(signal.SIGTERM)
    assert await serving == 0


async def run_within_a_program(service: NotedService, stop: asyncio.Event) -> None:
    async with running(service):
        await stop.wait()


@pytest.mark.parametrize("way", [run_as_a_process, run_within_a_program])
async def test_both_ways_to_run_a_service_end_in_the_same_order(
    way: Callable[[NotedService, asyncio.Event], Coroutine[None, None, None]],
) -> None:
    service, stop = NotedService(), asyncio.Event()
    service.gate.clear()
    ran = asyncio.create_task(way(service, stop))
    port = await port_of(ran)
    async with connect(port) as wire:
        await wire.send(echo("last words"))
        await until(lambda: service.running == 1)
        stop.set()
        await service.wait_for_state(ServiceState.DRAINING)
        await until(lambda: not reachable(port))
        assert not service.closed
        service.gate.set()
        assert (await wire.read_type("ping")).data["text"] == "last words"
    await ran
    assert service.states == ["starting", "loading", "ready", "draining", "stopped"]
    assert service.state_when_closed is ServiceState.DRAINING


async def test_a_state_is_entered_in_order_only(service: EchoService) -> None:
    assert service.state == "starting"
    with pytest.raises(ValueError, match="that is starting cannot become ready"):
        service.enter(ServiceState.READY)
    async with running(service):
        service.enter(ServiceState.DEGRADED)
        assert service.ready
        service.enter(ServiceState.READY)
        with pytest.raises(ValueError, match="that is ready cannot become loading"):
            service.enter(ServiceState.LOADING)
    assert service.state == "stopped"
    assert not service.ready


async def test_a_service_may_find_itself_degraded_while_it_loads() -> None:
    class Degraded(EchoService):
        async def load(self) -> None:
            self.enter(ServiceState.DEGRADED)

    service = Degraded(settings())
    async with running(service) as port, connect(port) as wire:
        assert service.state is ServiceState.DEGRADED
        await wire.send(echo("x"))
        await wire.read_type("ping")
