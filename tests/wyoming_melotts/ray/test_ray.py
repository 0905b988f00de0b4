"""The speaker in a Ray cluster on this machine, with the demo voice."""

import asyncio
import signal
import sys
from collections.abc import Callable

import numpy as np
import psutil
import pytest
from wyoming.tts import Synthesize

from benchmarks.ray.cluster import Cluster
from tests.support.collector import Collector
from tests.support.http import fetch, free_port
from tests.support.processes import run_to_end, server_process
from tests.support.waiting import until
from tests.support.wire import Wire, connect
from wyoming_melotts.service import MelottsService
from wyoming_melotts.settings import MelottsSettings
from wyoming_serving.service import running

LONG = (
    "The light in the kitchen is on, and so is the one above the table in the living room, while "
    "every blind on the southern side of the house is closed and the door of the garage is open; "
    "it is warm outside, twenty three degrees, and the washing machine needs half an hour more"
)
"""One sentence of half a minute."""
LISTENERS = 4
QUICK = (
    "--voice", "demo", "--offline", "--device", "cpu", "--threads", "1",
    "--ray-health-seconds", "1", "--drain-seconds", "5",
)  # fmt: skip
REPLICAS = ("--ray-min-replicas", "2", "--ray-max-replicas", "2")


@pytest.fixture(scope="module")
def deployed(cluster: Cluster, spans: Collector) -> Cluster:
    """Two replicas of the demo voice."""
    status, output = asyncio.run(deploy(cluster, "--otlp-endpoint", spans.endpoint))
    assert status == 0, output
    return cluster


async def deploy(cluster: Cluster, *words: str) -> tuple[int | None, str]:
    """Run `wyoming-melotts deploy`; returns its exit status and what it printed."""
    return await run_to_end(
        sys.executable, "-m", "wyoming_melotts", "deploy", *QUICK, *REPLICAS,
        "--ray-address", cluster.address, *words,
    )  # fmt: skip


def front(cluster: Cluster, *words: str) -> tuple[str, ...]:
    """The command line of a front, without its program."""
    return (
        "--engine", "ray", "--ray-address", cluster.address, "--uri", "tcp://127.0.0.1:0",
        "--no-zeroconf", "--cache-mb", "0", *QUICK, *words,
    )  # fmt: skip


async def spoken(
    wire: Wire, text: str, after_first_chunk: Callable[[], None] = lambda: None
) -> bytes:
    """The audio of a text."""
    await wire.send(Synthesize(text=text))
    audio = b""
    while (event := await wire.read()) is not None and event.type != "audio-stop":
        assert event.type != "error", event
        if event.payload and not audio:
            after_first_chunk()
        audio += event.payload or b""
    return audio


async def undisturbed(texts: list[str]) -> list[bytes]:
    """What one process makes of texts."""
    words = {"voice": "demo", "uri": "tcp://127.0.0.1:0", "zeroconf": False, "device": "cpu",
             "threads": 1, "offline": True}  # fmt: skip
    service = MelottsService(MelottsSettings.model_validate(words))
    async with running(service) as port, connect(port) as wire:
        return [await spoken(wire, text) for text in texts]


async def retries(http: int) -> float:
    """How many sentences were asked of a second replica."""
    _, metrics = await fetch(http, "/metrics")
    name = 'wyoming_scheduler_retries_total{scheduler="speaker"} '
    return float(metrics.partition(f"\n{name}")[2].split()[0])


async def test_without_an_application_a_front_ends_with_one_line(cluster: Cluster) -> None:
    async with server_process("wyoming_melotts", *front(cluster)) as server:
        assert await server.status() == 1
    said = "the Ray cluster runs no application melotts; run: wyoming-melotts deploy"
    assert said in server.log and "Traceback" not in server.log


async def test_replicas_speak_as_an_engine_in_this_process(deployed: Cluster) -> None:
    texts = ["The light is on. It is 23 degrees, and the door is closed.", "客厅的灯已经打开了。"]
    expected = await undisturbed(texts)
    async with server_process("wyoming_melotts", *front(deployed)) as server:
        async with connect(await server.port()) as wire:
            assert [await spoken(wire, text) for text in texts] == expected


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["dies", "freezes"])
async def test_listeners_hear_no_gap_when_a_replica(deployed: Cluster, number: int) -> None:
    """No gap, and nothing twice: the audio is that of an undisturbed run."""
    texts = [f"{LONG}, number {i}." for i in range(LISTENERS)]
    expected = await undisturbed(texts)
    http = free_port()
    words = front(deployed, "--http-port", str(http))
    async with server_process("wyoming_melotts", *words) as server:
        port = await server.port()
        await server.wait_for("ready after")
        before = deployed.cpu_seconds()
        hit: list[psutil.Process] = []

        def hear() -> None:
            if not hit:  # the one that computes most of what is still to come
                hit.append(deployed.busiest(before))
                hit[0].send_signal(number)

        async def listen(text: str) -> bytes:
            async with connect(port) as wire:
                return await spoken(wire, text, hear)

        audio = await asyncio.gather(*map(listen, texts))
        assert await retries(http) > 0
    assert [len(one) for one in audio] == [len(one) for one in expected]
    assert all(map(nearly_equal, audio, expected))
    await deployed.until_replicas(2, without=hit)


def nearly_equal(audio: bytes, other: bytes) -> bool:
    """Whether all samples are the same but for the last bit: `crowded` cuts chunks elsewhere."""
    samples, others = (np.frombuffer(one, "<i2").astype(int) for one in (audio, other))
    return bool(np.abs(samples - others).max() <= 1)


async def test_spans_tell_what_a_replica_did_of_a_sentence(
    deployed: Cluster, spans: Collector
) -> None:
    words = front(deployed, "--otlp-endpoint", spans.endpoint)
    async with server_process("wyoming_melotts", *words) as server:
        async with connect(await server.port()) as wire:
            assert await spoken(wire, "The light is on.")
        awaited = {"synthesize", "first chunk"}  # the last ones, here and there
        await until(lambda: awaited <= {one.name for one in spans.spans})
    whole = spans.named("synthesize")
    assert {one.trace_id for one in spans.spans} == {whole.trace_id}
    assert spans.within(spans.first("sentence")) == ["replica"]
    assert "first chunk" in spans.within(spans.first("replica"))
    chunk = spans.first("first chunk")
    assert spans.within(chunk) == ["speaker queue", "speaker run"]
    assert chunk.service == "wyoming-melotts replica"


async def test_a_front_that_speaks_otherwise_is_refused(deployed: Cluster) -> None:
    async with server_process("wyoming_melotts", *front(deployed, "--speed", "1.5")) as server:
        assert await server.status() == 1
    assert "the replicas have speed 1.0, this front 1.5; run: wyoming-melotts deploy" in server.log


async def test_a_front_that_is_killed_leaves_the_others_alone(deployed: Cluster) -> None:
    [expected] = await undisturbed([LONG])
    async with (
        server_process("wyoming_melotts", *front(deployed)) as first,
        server_process("wyoming_melotts", *front(deployed)) as second,
    ):
        async with connect(await first.port()) as one, connect(await second.port()) as other:
            await one.send(Synthesize(text=f"{LONG}. {LONG}."))
            await one.read_type("audio-start")
            await one.read_type("audio-chunk")
            first.process.kill()
            assert await spoken(other, LONG) == expected
        assert await second.terminate() == 0
