"""A server as a process of its own: start it, see what it costs, end it."""

import asyncio
import tempfile
import time
import urllib.request
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from socket import create_server

import psutil

from benchmarks.wyoming_client import RequestError, ask_info

_START_LIMIT_S = 300.0
_STOP_LIMIT_S = 30.0
_SPECULATION = "funasr_speculation_runs_total"


class ServerError(Exception):
    """The server did not start; the message has the end of its log."""


@dataclass(frozen=True)
class Program:
    """How a server is started: `{port}` and `{http_port}` in the settings are filled in."""

    name: str
    command: tuple[str, ...]
    settings: tuple[str, ...]

    @property
    def has_metrics(self) -> bool:
        """Whether it serves Prometheus metrics."""
        return "{http_port}" in self.settings


@dataclass(frozen=True)
class Usage:
    """What a server has used so far, all of its processes together; memory in MB of 10^6 bytes."""

    cpu_s: float
    memory_mb: float
    peak_memory_mb: float
    speculation_used: int = 0
    speculation_wasted: int = 0


@dataclass(frozen=True)
class Server:
    """A running server."""

    program: Program
    port: int
    http_port: int
    process: psutil.Process
    started: float
    """By `time.perf_counter`."""

    def usage(self) -> Usage:
        """Of the process and everything it started (Linux)."""
        family = [self.process, *self.process.children(recursive=True)]
        times = [member.cpu_times() for member in family]
        counts = self._speculation() if self.program.has_metrics else {}
        return Usage(
            sum(one.user + one.system for one in times),
            sum(_status_mb(member.pid, "VmRSS") for member in family),
            sum(_status_mb(member.pid, "VmHWM") for member in family),
            counts.get("used", 0),
            counts.get("wasted", 0),
        )

    def _speculation(self) -> dict[str, int]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/metrics") as answer:
            return speculation_runs(answer.read().decode())


def speculation_runs(metrics: str) -> dict[str, int]:
    """Speculative runs by outcome, from Prometheus' text format."""
    counts: dict[str, int] = {}
    for line in metrics.splitlines():
        if line.startswith(_SPECULATION + "{"):
            labels, _, value = line.partition("}")
            counts[labels.partition('outcome="')[2].partition('"')[0]] = int(float(value))
    return counts


@asynccontextmanager
async def running(program: Program) -> AsyncIterator[Server]:
    """The server, answering `describe`; its model may still be loading.

    Raises:
        ServerError: it ended, or does not answer.
    """
    port, http_port = free_port(), free_port()
    settings = [word.format(port=port, http_port=http_port) for word in program.settings]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("wb") as output:
            started = time.perf_counter()
            process = await asyncio.create_subprocess_exec(
                *program.command, *settings, stdout=output, stderr=output
            )
        try:
            await _until_it_answers(port, process, log)
            yield Server(program, port, http_port, psutil.Process(process.pid), started)
        finally:
            await _stop(process)


async def _until_it_answers(port: int, process: Process, log: Path) -> None:
    give_up = time.perf_counter() + _START_LIMIT_S
    while time.perf_counter() < give_up and process.returncode is None:
        with suppress(OSError, RequestError):
            await ask_info(port)
            return
        await asyncio.sleep(0.05)
    raise ServerError(f"the server does not serve:\n{_tail(log)}")


def _tail(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-2000:]


async def _stop(process: Process) -> None:
    if process.returncode is not None:
        return
    family = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _STOP_LIMIT_S)
    except TimeoutError:
        process.kill()
        await process.wait()
    for left in family:
        with suppress(psutil.NoSuchProcess):
            left.kill()


def free_port() -> int:
    """Returns a port of the loopback that nobody listens on."""
    with create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def _status_mb(pid: int, field: str) -> float:
    """A field of /proc/PID/status that is in kB of 1024 bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0
