"""What is measured of a speech-to-text server."""

import asyncio
import itertools
import random
import time
from collections.abc import Sequence
from functools import partial

from benchmarks.measurement import Found, Measurements
from benchmarks.plan import Plan
from benchmarks.server_process import Server
from benchmarks.utterances import RATE_HZ, Utterance, commands, continuous, paused
from benchmarks.wyoming_client import Heard, finds_the_end, send_at_once, speak

BURST_AUDIO_S = 3
_LONGEST_BREAK_S = 1.0
"""Between two utterances of a client; it keeps clients from speaking in step."""


async def warm_up(server: Server) -> None:
    """Each length once; the first one waits for the model."""
    for utterance in commands():
        await send_at_once(server.port, utterance.samples, utterance.language)


def measurements(plan: Plan) -> Measurements:
    """All of them, by measure and case."""
    found: Measurements = {}
    for clients, count in plan.in_real_time.items():
        found["real time", clients] = partial(in_real_time, clients=clients, count=count)
    for clients, count in plan.in_bursts.items():
        found["burst", clients] = partial(
            in_bursts, clients=clients, count=count, audio_s=BURST_AUDIO_S
        )
    for audio_s in plan.lengths_s:
        found["length", audio_s] = partial(
            in_bursts, clients=1, count=plan.per_length, audio_s=audio_s
        )
    return found


def pauses(plan: Plan, sensitivities: Sequence[str]) -> Measurements:
    """Sentences with pauses inside, for each `vad_sensitivity`."""
    return {
        ("pauses", sensitivity): partial(
            with_pauses, clients=plan.pause_clients, plan=plan, sensitivity=sensitivity
        )
        for sensitivity in sensitivities
    }


async def in_real_time(server: Server, clients: int, count: int) -> Found:
    """`count` commands spoken by several clients, each beginning when it likes."""
    said = list(itertools.islice(itertools.cycle(commands()), count))
    return await _spoken(server, said, clients, None)


async def with_pauses(server: Server, clients: int, plan: Plan, sensitivity: str) -> Found:
    """Sentences with a pause inside; `ended_early` counts, by pause, those that were cut short."""
    said = paused(plan.pauses_ms)[:: plan.every_paused]
    found = await _spoken(server, said, clients, sensitivity)
    early: dict[str, int] = {str(one.pause_ms): 0 for one in said}
    for one, is_early in zip(said, found["cut_short"], strict=True):
        early[str(one.pause_ms)] += is_early
    per_pause = {str(ms): sum(one.pause_ms == ms for one in said) for ms in plan.pauses_ms}
    return found | {"ended_early": early, "per_pause": per_pause}


async def in_bursts(server: Server, clients: int, count: int, audio_s: int) -> Found:
    """`clients` requests at one time, again and again, their audio sent as fast as it goes."""
    samples = continuous(audio_s)
    heard: list[Heard] = []
    busy_s = 0.0
    while len(heard) < count:
        started = time.perf_counter()
        heard += await asyncio.gather(*(send_at_once(server.port, samples) for _ in range(clients)))
        busy_s += time.perf_counter() - started
    found = _found(heard)
    return found | {"audio_s": audio_s * len(heard), "busy_s": busy_s}


async def _spoken(
    server: Server, said: Sequence[Utterance], clients: int, sensitivity: str | None
) -> Found:
    """Every utterance once, the next one by the client that is free first."""
    server_ends = await finds_the_end(server.port)
    heard: dict[int, Heard] = {}
    waiting = iter(enumerate(said))
    breaks = random.Random(clients)

    async def client() -> None:
        await asyncio.sleep(breaks.uniform(0, clients * _LONGEST_BREAK_S / 2))
        for number, utterance in waiting:
            heard[number] = await speak(
                server.port, utterance, server_ends=server_ends, sensitivity=sensitivity
            )
            await asyncio.sleep(breaks.uniform(0, _LONGEST_BREAK_S))

    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(client())
    audio_s = sum(len(one.samples) for one in said) / RATE_HZ
    return _found([heard[number] for number in range(len(said))]) | {
        "audio_s": audio_s,
        "server_ends": server_ends,
    }


def _found(heard: Sequence[Heard]) -> Found:
    stops = [one.after_stop_s for one in heard if one.after_stop_s is not None]
    return {
        "requests": len(heard),
        "after_speech_ms": [round(one.after_speech_s * 1000, 1) for one in heard],
        "after_stop_ms": [round(seconds * 1000, 1) for seconds in stops],
        "cut_short": [one.cut_short for one in heard],
    }
