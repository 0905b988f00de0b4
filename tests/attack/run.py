"""One attack on one service, and what must hold behind it."""

import asyncio
import gc
import logging
import multiprocessing
from collections import Counter
from collections.abc import Callable, Coroutine
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import psutil
from wyoming.event import Event

from tests.attack.clients import Ports, attack, healthy_answer
from tests.attack.streams import Target
from tests.attack.web_clients import healthy_http_answer
from tests.support.event_loop import watched_loop
from wyoming_serving.errors import ErrorCode
from wyoming_serving.memory import exempt_from_collection, release_freed_memory
from wyoming_serving.service import Service, running

Value = TypeVar("Value")

LONGEST_HOLD_SECONDS = 0.05
MOST_MEMORY_BYTES = 128 << 20
"""Growth over an attack, for what is loaded or kept once: dictionaries, answers for words, a small
audio cache, and the arenas of ONNX Runtime, which grow by doubling when they grow at all."""

_SETTLE_SECONDS = 30.0


@dataclass(frozen=True)
class Usage:
    """What a process holds."""

    descriptors: int
    tasks: int
    memory_bytes: int

    @classmethod
    def now(cls) -> "Usage":
        """Returns that of this process and its running event loop."""
        gc.collect()
        release_freed_memory()
        process = psutil.Process()
        return cls(process.num_fds(), len(asyncio.all_tasks()), process.memory_info().rss)


@dataclass(frozen=True)
class Outcome:
    """How a service came through."""

    answers: Counter[str]
    """Events that clients got, errors by their code."""
    defects: list[str]
    """Log records of errors: a service logs none, whatever a client does."""
    longest_hold_seconds: float
    """Of the event loop."""
    before: Usage
    after: Usage
    is_answer_the_same: bool
    """Of a healthy client, before and after."""

    def problems(self) -> list[str]:
        """Returns in words what should not have happened, on however slow a machine."""
        found = [f"logged: {text}" for text in self.defects]
        unknown = {code for code in self.answers if code.endswith("-error")} - set(ErrorCode)
        if ErrorCode.INTERNAL_ERROR in self.answers or unknown:
            found.append(f"errors that are defects: {self.answers}")
        if not self.is_answer_the_same:
            found.append("a healthy client is not answered as before")
        if self.after.descriptors > self.before.descriptors:
            found.append(f"descriptors: {self.before.descriptors}, {self.after.descriptors}")
        if self.after.tasks > self.before.tasks:
            found.append(f"tasks: {self.before.tasks}, {self.after.tasks}")
        growth = self.after.memory_bytes - self.before.memory_bytes
        if growth > MOST_MEMORY_BYTES:
            found.append(f"memory grew by {growth >> 20} MiB")
        return found


async def attack_service(service: Service, target: Target, seed: int, cases: int) -> Outcome:
    """Attack a service in this process from another one, whose garbage is not collected here."""
    defects = _Defects()
    logging.getLogger().addHandler(defects)
    spawn = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(1, spawn) as attacker:
            async with running(service) as port:
                ports = Ports(port, service.settings.http_port)
                elsewhere = partial(_in_process, attacker)
                first = await elsewhere(_healthy_answers, target, ports)
                await elsewhere(attack, target, ports, seed + 1, min(100, cases))  # warms up
                exempt_from_collection()  # as the programs do once they are ready
                before = await _settled(None)
                async with watched_loop() as watch:
                    answers = await elsewhere(attack, target, ports, seed, cases)
                after = await _settled(before)
                last = await elsewhere(_healthy_answers, target, ports)
    finally:
        logging.getLogger().removeHandler(defects)
        gc.unfreeze()
    return Outcome(answers, defects.texts, watch.longest_seconds, before, after, first == last)


class _Defects(logging.Handler):
    """Keeps what is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(logging.Formatter().format(record)[-2_000:])


async def _in_process(
    attacker: ProcessPoolExecutor, work: Callable[..., Coroutine[Any, Any, Value]], *given: object
) -> Value:
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(attacker, partial(_run, work, *given))


def _run(work: Callable[..., Coroutine[Any, Any, Value]], *given: object) -> Value:
    return asyncio.run(work(*given))


async def _settled(before: Usage | None) -> Usage:
    """What is held when connections that were left have been closed."""
    loop = asyncio.get_running_loop()
    end = loop.time() + _SETTLE_SECONDS
    usage = Usage.now()
    while loop.time() < end:
        await asyncio.sleep(0.25)
        former, usage = usage, Usage.now()
        is_still = (former.descriptors, former.tasks) == (usage.descriptors, usage.tasks)
        is_back = before is None or (
            usage.descriptors <= before.descriptors and usage.tasks <= before.tasks
        )
        if is_still and is_back:
            break
    return usage


async def _healthy_answers(target: Target, ports: Ports) -> tuple[object, bytes]:
    """What a client that does nothing wrong gets by Wyoming, and by HTTP."""
    events = await healthy_answer(target, ports.wyoming)
    return _content(events), await healthy_http_answer(target.http_request, ports.http)


def _content(events: list[Event]) -> list[tuple[str, object]]:
    """What must be the same each time: not the times, nor how audio was cut into chunks."""
    audio = b"".join(event.payload or b"" for event in events)
    others = [event for event in events if event.type != "audio-chunk"]
    return [("audio", audio), *((event.type, event.data.get("text")) for event in others)]
