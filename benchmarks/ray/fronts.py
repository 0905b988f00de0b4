"""What becomes of clients when a front or the head is killed; fronts are processes here."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from benchmarks.ray.cluster import Cluster, ray_cluster
from benchmarks.ray.faults import Fault, outcome
from benchmarks.ray.subjects import Place, deploy_recognizer
from benchmarks.server_process import Program, Server, running
from benchmarks.utterances import commands
from benchmarks.wyoming_client import Heard, send_at_once

_SERVICE = "recognizer"
_LONGEST_SECONDS = 5
"""For a job, and once more for its wait: the cluster's replicas do not answer any more."""


async def front_killed(requests: int, at: Cluster) -> list[Fault]:
    """Kill one of two fronts while each has half of the requests."""
    async with AsyncExitStack() as stack:
        killed, other = [await stack.enter_async_context(_front(at)) for _ in range(2)]
        began = time.perf_counter()
        of_killed, of_other = (_ask(requests // 2, front) for front in (killed, other))
        await asyncio.wait(of_killed, return_when=asyncio.FIRST_COMPLETED)
        killed.process.kill()
        return [
            await outcome(_SERVICE, "a front of two killed: its clients", of_killed, began),
            await outcome(_SERVICE, "the other front's clients", of_other, began),
        ]


async def head_restarted(requests: int, at: Cluster) -> list[Fault]:
    """Kill the head, with all that it started, and start it again; ends the cluster `at`."""
    async with _front(at) as front:
        began = time.perf_counter()
        asked = _ask(requests, front)
        await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        at.kill()
        killed = await outcome(_SERVICE, "the head killed", asked, began)
    began = time.perf_counter()
    with ray_cluster(cpus=1, port=at.port) as restarted:
        await deploy_recognizer(Place(restarted))
        async with _front(restarted) as front:
            again = _ask(requests, front)
            after = await outcome(_SERVICE, "restarted, deployed, a new front", again, began)
    return [killed, after]


@asynccontextmanager
async def _front(at: Cluster) -> AsyncIterator[Server]:
    """A front that has answered once."""
    settings = (
        "--uri", "tcp://127.0.0.1:{port}", "--model-dir", "demo", "--engine", "ray",
        "--ray-address", at.address, "--no-zeroconf", "--offline", "--device", "cpu",
        "--job-seconds", f"{_LONGEST_SECONDS}", "--max-wait-seconds", f"{_LONGEST_SECONDS}",
    )  # fmt: skip
    program = Program("front", (sys.executable, "-m", "wyoming_funasr"), settings)
    async with running(program) as server:
        await send_at_once(server.port, commands()[0].samples)
        yield server


def _ask(requests: int, front: Server) -> list[asyncio.Task[Heard]]:
    """So many clients, each with a connection of its own."""
    said = commands()[0].samples
    return [asyncio.create_task(send_at_once(front.port, said)) for _ in range(requests)]
