"""Make the measurements of a server that have not been made yet."""

import subprocess
import sys
import time
from dataclasses import asdict

import psutil

from benchmarks.published import BenchError
from benchmarks.rows import Row, Rows
from benchmarks.server_process import Program, Server, ServerError, Usage, running
from benchmarks.subjects import Subject
from benchmarks.wyoming_client import RequestError

_FAILURES = (
    *(ServerError, RequestError, BenchError, TimeoutError, OSError, ExceptionGroup),
    psutil.Error,  # the process has gone
)
_HELP_RUNS = 5


async def measure(subject: Subject, rows: Rows) -> bool:
    """Start the server if rows are missing and add them; what fails is said and left out.

    Gives whether nothing failed.
    """
    name = subject.program.name
    missing = [key for key in subject.measurements if rows.find(name, *key) is None]
    if not missing:
        return True
    is_new = rows.find(name, "start") is None
    try:
        first_start_s = await _start_once(subject) if is_new else 0.0
        async with running(subject.program) as server:
            await subject.first(server)
            if is_new:
                rows.add(_start(server, first_start_s))
            await subject.warm_up(server)
            return all([await _measure_one(subject, server, key, rows) for key in missing])
    except _FAILURES as error:
        _say(f"{name}: {error}")
        return False


async def _measure_one(
    subject: Subject, server: Server, key: tuple[str, str | int], rows: Rows
) -> bool:
    head: Row = dict(zip(("server", "measure", "case"), (server.program.name, *key), strict=True))
    try:
        before, started = server.usage(), time.perf_counter()
        found = await subject.measurements[key](server)
        wall_s = round(time.perf_counter() - started, 2)
        rows.add(head | found | {"wall_s": wall_s} | _used(before, server.usage()))
    except _FAILURES as error:
        _say(f"{' '.join(map(str, head.values()))}: failed: {error!r}")
        return False
    _say(f"{' '.join(map(str, head.values()))}: {wall_s:.0f} s")
    return True


async def _start_once(subject: Subject) -> float:
    """A start that finds nothing prepared; gives the seconds to its first answer."""
    async with running(subject.program) as server:
        await subject.first(server)
        return time.perf_counter() - server.started


def _start(server: Server, first_start_s: float) -> Row:
    ready_s = time.perf_counter() - server.started
    return {
        "server": server.program.name,
        "measure": "start",
        "case": "",
        "first_start_s": round(first_start_s, 1),
        "first_answer_s": round(ready_s, 1),
        "help_s": _help_seconds(server.program),
        **asdict(server.usage()),
    }


def _used(before: Usage, after: Usage) -> Row:
    """Memory as it is afterwards; everything else as the difference."""
    return {
        "cpu_s": round(after.cpu_s - before.cpu_s, 2),
        "memory_mb": round(after.memory_mb),
        "peak_memory_mb": round(after.peak_memory_mb),
        "speculation_used": after.speculation_used - before.speculation_used,
        "speculation_wasted": after.speculation_wasted - before.speculation_wasted,
    }


def _help_seconds(program: Program) -> float:
    """The best of several, so that reading files from the disk does not count."""
    times = []
    for _ in range(_HELP_RUNS):
        started = time.perf_counter()
        subprocess.run([*program.command, "--help"], check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - started)
    return round(min(times), 2)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
