"""The recognizer in a Ray cluster on this machine, with the demo model."""

import asyncio
import sys
from pathlib import Path

import pytest
from wyoming.asr import Transcript

from benchmarks.ray.cluster import Cluster, ray_cluster
from tests.support.collector import Collector
from tests.support.http import fetch, fetch_status, free_port
from tests.support.processes import Server, run_to_end, server_process
from tests.support.speech import DATA, SPEECH, read_pcm
from tests.support.waiting import LONGEST_SECONDS, until
from tests.support.wire import Wire, connect
from tests.wyoming_funasr.test_protocol import request
from wyoming_funasr.service import FunasrService
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving import __version__
from wyoming_serving.service import running

RECORDINGS = sorted(DATA.glob("*.wav"))
QUICK = ("--ray-health-seconds", "1", "--drain-seconds", "5", "--offline", "--device", "cpu")


@pytest.fixture(scope="module")
def deployed(cluster: Cluster, spans: Collector) -> Cluster:
    """Two replicas of the demo model."""
    asyncio.run(deploy(cluster, "--otlp-endpoint", spans.endpoint))
    return cluster


async def deploy(cluster: Cluster, *words: str) -> None:
    """Two replicas of the demo model, in place of those that there are."""
    replicas = ("--ray-min-replicas", "2", "--ray-max-replicas", "2")
    status, output = await run_command("deploy", "demo", cluster, *replicas, *words)
    assert status == 0, output


async def run_command(
    command: str, model: str, cluster: Cluster, *words: str
) -> tuple[int | None, str]:
    """Run `wyoming-funasr COMMAND` with a model; returns its exit status and what it printed."""
    return await run_to_end(
        sys.executable, "-m", "wyoming_funasr", command, "--model-dir", model, *QUICK,
        "--ray-address", cluster.address, *words,
    )  # fmt: skip


def front(cluster: Cluster, *words: str) -> tuple[str, ...]:
    """The command line of a front, without its program."""
    return (
        "--model-dir", "demo", "--engine", "ray", "--ray-address", cluster.address,
        "--uri", "tcp://127.0.0.1:0", "--no-zeroconf", *QUICK, *words,
    )  # fmt: skip


async def transcribe(wire: Wire, pcm: bytes = SPEECH) -> str:
    await wire.send(*request(pcm))
    return Transcript.from_event(await wire.read_type("transcript")).text


async def exit_line(server: Server) -> str:
    """What a front said that ended with status 1."""
    assert await server.status() == 1
    return server.log


async def test_without_an_application_a_front_ends_with_one_line(cluster: Cluster) -> None:
    async with server_process("wyoming_funasr", *front(cluster)) as server:
        log = await exit_line(server)
    assert "the Ray cluster runs no application funasr; run: wyoming-funasr deploy" in log
    assert "Traceback" not in log


async def test_replicas_without_the_model_are_one_line(cluster: Cluster, tmp_path: Path) -> None:
    status, output = await run_command("deploy", str(tmp_path), cluster)
    assert status == 1
    last = output.splitlines()[-1]
    assert last.startswith("wyoming-funasr: the replicas of funasr cannot be made: "), output
    assert str(tmp_path) in last
    async with server_process("wyoming_funasr", *front(cluster)) as server:
        assert "the replicas of funasr cannot be made" in await exit_line(server)


async def test_replicas_that_do_not_fit_are_one_line(cluster: Cluster) -> None:
    soon = ("--ray-start-seconds", "1")
    wanted = ("--ray-replica-cpus", "64", "--ray-replica-gpus", "0.5")
    status, output = await run_command("deploy", "demo", cluster, *wanted, *soon)
    assert status == 1
    assert (
        "wyoming-funasr: the replicas of funasr were not ready after 1 s: 1 are wanted, with 64 "
        "CPUs and 0.5 GPUs each; the cluster's nodes (1) have 2 CPUs ("
    ) in output.splitlines()[-1]
    assert " and 0 GPUs (0 free). Add nodes, ask for less (--ray-min-replicas," in output
    assert "Traceback" not in output
    async with server_process("wyoming_funasr", *front(cluster, *soon)) as server:
        log = await exit_line(server)
    said = "the replicas of funasr were not ready after 1 s; run: wyoming-funasr deploy"
    assert said in log and "Traceback" not in log


async def test_replicas_give_the_texts_of_an_engine_in_this_process(deployed: Cluster) -> None:
    words = {"model_dir": "demo", "uri": "tcp://127.0.0.1:0", "zeroconf": False, "device": "cpu"}
    here = FunasrSettings.model_validate(words)
    async with running(FunasrService(here)) as port, connect(port) as wire:
        expected = [await transcribe(wire, read_pcm(file)) for file in RECORDINGS]
    async with server_process("wyoming_funasr", *front(deployed)) as server:
        async with connect(await server.port()) as wire:
            assert [await transcribe(wire, read_pcm(file)) for file in RECORDINGS] == expected


async def test_fifty_requests_survive_the_death_of_a_replica(deployed: Cluster) -> None:
    http = free_port()
    async with server_process("wyoming_funasr", *front(deployed), "--http-port", str(http)) as one:
        port = await one.port()
        answered = 0

        async def client() -> list[str]:
            nonlocal answered
            texts = []
            async with connect(port) as wire:
                for _ in range(10):
                    texts.append(await transcribe(wire))
                    answered += 1
                    if answered == 15:
                        deployed.replicas()[0].kill()
            return texts

        texts = await asyncio.gather(*(client() for _ in range(5)))
        assert {text for of_client in texts for text in of_client} == {texts[0][0]} != {""}
        _, metrics = await fetch(http, "/metrics")
        failed = 'wyoming_scheduler_jobs_total{outcome="failed",scheduler="recognizer"}'
        assert f"{failed} 0.0" in metrics
        assert (await fetch_status(http))["state"] == "ready"
    await deployed.until_replicas(2)


async def test_fronts_share_the_replicas_and_one_drains_without_the_other(
    deployed: Cluster,
) -> None:
    async with (
        server_process("wyoming_funasr", *front(deployed)) as first,
        server_process("wyoming_funasr", *front(deployed)) as second,
    ):
        await first.wait_for("ready after")
        async with connect(await first.port()) as one, connect(await second.port()) as other:
            await one.send(*request()[:-1])  # its audio-stop is missing
            expected = await transcribe(other)
            first.process.terminate()
            await first.wait_for("stopping")
            await one.send(request()[-1])
            assert Transcript.from_event(await one.read_type("transcript")).text == expected
            assert await first.status() == 0
            assert await transcribe(other) == expected


async def test_spans_tell_what_a_replica_did_of_a_request(
    deployed: Cluster, spans: Collector
) -> None:
    words = front(deployed, "--otlp-endpoint", spans.endpoint)
    async with server_process("wyoming_funasr", *words) as server:
        async with connect(await server.port()) as wire:
            assert await transcribe(wire)
        awaited = {"transcribe", "recognizer run"}  # the last ones, here and there
        await until(lambda: awaited <= {one.name for one in spans.spans})
    whole = spans.named("transcribe")
    assert {one.trace_id for one in spans.spans} == {whole.trace_id}
    assert spans.within(spans.first("recognition")) == ["replica"]
    assert spans.within(spans.first("replica")) == ["recognizer queue", "recognizer run"]
    assert spans.first("recognizer run").service == "wyoming-funasr replica"


async def test_a_front_of_another_model_is_refused(deployed: Cluster, tmp_path: Path) -> None:
    words = [*front(deployed), "--model-dir", "SenseVoiceSmall"]
    async with server_process("wyoming_funasr", *words) as server:
        log = await exit_line(server)
    assert "the replicas have model demo, this front SenseVoiceSmall" in log


@pytest.mark.parametrize(
    ("package", "said"),
    [
        ("wyoming_serving", f"the replicas have version {__version__}, this front 0.0.1; run: "),
        ("ray", "cannot be used: Version mismatch"),
    ],
)
async def test_another_version_is_refused(deployed: Cluster, package: str, said: str) -> None:
    program = (
        f"import sys, {package}; {package}.__version__ = '0.0.1'; "
        "from wyoming_funasr.__main__ import main; sys.exit(main())"
    )
    status, output = await run_to_end(sys.executable, "-c", program, *front(deployed))
    assert status == 1
    assert said in output and "Traceback" not in output


async def test_without_a_cluster_a_front_ends_with_one_line(cluster: Cluster) -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    words = [*front(cluster), "--ray-address", nowhere]
    async with server_process("wyoming_funasr", *words) as server:
        log = await exit_line(server)
    assert f"the Ray cluster ({nowhere}) cannot be used: " in log
    assert "Connection refused" in log and "Traceback" not in log


async def test_replicas_know_the_home(deployed: Cluster, tmp_path: Path) -> None:
    """A light that the demo model writes otherwise, with its intent."""
    home = tmp_path / "home.yaml"
    home.write_text("entities: [{name: 客厅灯, domain: light}]", encoding="utf-8")
    known = ("--home", str(home), "--languages", "zh")
    await deploy(deployed, *known)
    async with server_process("wyoming_funasr", *front(deployed)) as server:
        log = await exit_line(server)
        assert "the replicas have home known, this front none; run: wyoming-funasr deploy" in log
    pcm = read_pcm(DATA / "home_assistant_cloud/living_room_light_zh.wav")
    async with server_process("wyoming_funasr", *front(deployed, *known)) as server:
        async with connect(await server.port()) as wire, asyncio.timeout(LONGEST_SECONDS):
            intent = None
            while intent is None:  # each replica learns the home while it answers already
                await wire.send(*request(pcm))
                heard = Transcript.from_event(await wire.read_type("transcript"))
                intent = (heard.context or {}).get("intent")
    assert heard.text.rstrip("。") == "打开客厅灯"
    assert intent == "HassTurnOn"


async def test_a_head_that_restarts_costs_a_restart_of_the_fronts(deployed: Cluster) -> None:
    """The last test, as nothing is left of the cluster."""
    http = free_port()
    quick = (
        "--http-port", str(http), "--canary-seconds", "0.5", "--restart-seconds", "5",
        "--job-seconds", "3", "--max-wait-seconds", "1",
    )  # fmt: skip
    await deploy(deployed)
    async with server_process("wyoming_funasr", *front(deployed), *quick) as server:
        async with connect(await server.port()) as wire:
            expected = await transcribe(wire)
        deployed.kill()
        async with asyncio.timeout(LONGEST_SECONDS):
            while (  # noqa: ASYNC110  it is to be asked
                status := await fetch_status(http)
            )["state"] == "ready":
                await asyncio.sleep(0.2)
        assert status["state"] == "degraded"
        assert status["problems"]["engine"].startswith("recognizer: ")
        log = await exit_line(server)
    assert "the engine did not recover in 5 s" in log
    with ray_cluster(port=deployed.port) as restarted:
        await deploy(restarted)
        async with server_process("wyoming_funasr", *front(deployed)) as server:
            async with connect(await server.port()) as wire:
                assert await transcribe(wire) == expected
