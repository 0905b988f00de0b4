"""The services as users meet them: many clients at a time, over sockets."""

import asyncio
import random
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

from benchmarks.gpu import weights
from benchmarks.gpu.run import Run, used_gpu_mb
from benchmarks.percentiles import percentiles
from benchmarks.server_process import Program, Server, running
from benchmarks.text_to_speech import TEXTS
from benchmarks.utterances import commands
from benchmarks.wyoming_client import RequestError, Spoken, finds_the_end, listen, speak

_LISTENERS = (1, 5, 20, 50, 100)
_SPEAKERS = (1, 5, 20)
_PER_CLIENT = 3
_SPREAD_S = 3.0
"""Clients begin within so long of each other, and pause for up to so long a third."""
_READY_S = 180.0

Client = Callable[[int], Awaitable[None]]


def speech_to_text(run: Run) -> None:
    """Sessions that speak in real time."""
    model = str(weights.sense_voice(run))
    # random words may look like an unfinished sentence, for whose rest the server would wait
    unfinished = ("--endpoint-silence-unfinished-ms", "700", "--endpoint-silence-ms", "700")
    asyncio.run(_heard(run, _program(run, "wyoming_funasr", "--model-dir", model, *unfinished)))


def text_to_speech(run: Run) -> None:
    """Sessions that ask for two sentences."""
    folder = str(weights.voices(run))
    program = _program(run, "wyoming_melotts", "--voices-dir", folder, "--cache-mb", "0")
    asyncio.run(_spoken(run, program))


async def _heard(run: Run, program: Program) -> None:
    idle_mb = used_gpu_mb()
    async with running(program) as server:
        await _ready(server)
        server_ends = await finds_the_end(server.port)
        said = commands()
        for clients in run.of_size(_LISTENERS, (1, 2)):
            waits: list[float] = []

            async def client(number: int, waits: list[float] = waits) -> None:
                for turn in range(1 if run.is_rehearsal else _PER_CLIENT):
                    utterance = said[(number + turn) % len(said)]
                    heard = await speak(server.port, utterance, server_ends=server_ends)
                    waits.append(1000 * heard.after_speech_s)

            failures = await _at_once(client, clients)
            _add(run, server, clients, failures, idle_mb, after_speech_ms=waits)


async def _spoken(run: Run, program: Program) -> None:
    idle_mb = used_gpu_mb()
    async with running(program) as server:
        await _ready(server)
        await listen(server.port, TEXTS["zh"])
        for clients in run.of_size(_SPEAKERS, (1, 2)):
            spoken: list[Spoken] = []

            async def client(_: int, spoken: list[Spoken] = spoken) -> None:
                for _turn in range(1 if run.is_rehearsal else _PER_CLIENT):
                    spoken.append(await listen(server.port, TEXTS["zh"]))

            failures = await _at_once(client, clients, spread_s=0.0)
            first = [1000 * one.first_audio_s for one in spoken]
            factors = [one.total_s / one.audio_s for one in spoken if one.audio_s]
            times = {"first_audio_ms": first, "real_time_factor": factors}
            _add(run, server, clients, failures, idle_mb, **times)


def _add(
    run: Run,
    server: Server,
    clients: int,
    failures: Sequence[str],
    idle_mb: float | None,
    **values: Sequence[float],
) -> None:
    usage, used_mb = server.usage(), used_gpu_mb()
    row: dict[str, Any] = {"clients": clients, "failures": len(failures)}
    for name, times in values.items():
        if times:
            found = percentiles(times)
            row |= {f"{name}_p50": round(found.p50, 3), f"{name}_p95": round(found.p95, 3)}
    row["resident_mb"] = round(usage.memory_mb)
    row["gpu_mb"] = None if used_mb is None or idle_mb is None else round(used_mb - idle_mb)
    run.add("sessions", **row)
    for failure in failures[:3]:
        run.add("failures", clients=clients, failure=failure)


async def _at_once(client: Client, clients: int, spread_s: float = _SPREAD_S) -> list[str]:
    """Returns how clients failed."""
    failures: list[str] = []
    starts = random.Random(clients)

    async def one(number: int) -> None:
        await asyncio.sleep(starts.uniform(0, spread_s))
        try:
            await client(number)
        except (RequestError, OSError, TimeoutError) as error:
            failures.append(repr(error))

    await asyncio.gather(*(one(number) for number in range(clients)))
    return failures


async def _ready(server: Server) -> None:
    url = f"http://127.0.0.1:{server.http_port}/health/ready"
    give_up = time.monotonic() + _READY_S
    while time.monotonic() < give_up:
        with suppress(OSError):
            await asyncio.to_thread(lambda: urllib.request.urlopen(url, timeout=5).close())
            return
        await asyncio.sleep(0.2)
    raise TimeoutError(f"{server.program.name} was not ready in {_READY_S:g} s")


def _program(run: Run, module: str, *settings: str) -> Program:
    common = (
        *("--uri", "tcp://127.0.0.1:{port}", "--http-port", "{http_port}", "--no-zeroconf"),
        *("--offline", "--device", run.device, "--log-level", "warning"),
    )
    return Program(module, (sys.executable, "-m", module), (*common, *settings))
