"""A second host on the network finds the server, connects, and sees it leave.

The hosts are two network namespaces with a cable (a veth pair) between them.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.random_models import TINY, write_sense_voice
from tests.support.processes import START_SECONDS, server_process

SERVER_ADDRESS, CLIENT_ADDRESS = "10.213.7.1", "10.213.7.2"
BRIDGES = {"docker0": "172.17.0.1/16", "hassio": "172.30.32.1/23", "br-5e1f": "10.1.0.1/24"}
"""Networks of containers on the server's host; some of their addresses come before the LAN's."""
NAME = "namespace-test"

WATCHER = """
import asyncio, json, sys
from wyoming.client import AsyncClient
from wyoming.info import Describe
from zeroconf import ServiceStateChange
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

async def describe(uri):
    async with AsyncClient.from_uri(uri) as client:
        await client.write_event(Describe().event())
        return (await client.read_event()).type

async def main(name):
    changes = asyncio.Queue()
    zeroconf = AsyncZeroconf()
    kind = "_wyoming._tcp.local."
    def on_change(name, state_change, **_):
        changes.put_nowait((name, state_change))
    browser = AsyncServiceBrowser(zeroconf.zeroconf, kind, handlers=[on_change])
    while True:
        found, change = await changes.get()
        if found != f"{name}.{kind}":
            continue
        if change is ServiceStateChange.Removed:
            print(json.dumps({"withdrawn": True}), flush=True)
            break
        if change is ServiceStateChange.Added:
            info = AsyncServiceInfo(kind, found)
            await info.async_request(zeroconf.zeroconf, 5000)
            address = info.parsed_addresses()[0]
            answer = await describe(f"tcp://{address}:{info.port}")
            print(json.dumps({"addresses": info.parsed_addresses(), "port": info.port,
                              "answer": answer}), flush=True)
    await browser.async_cancel()
    await zeroconf.async_close()

asyncio.run(main(sys.argv[1]))
"""


def ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"ip {' '.join(words)}: {done.stderr.strip()}")


@pytest.fixture
def hosts() -> Iterator[tuple[str, str]]:
    """Two namespaces, each with an address on one network."""
    if os.geteuid() != 0:
        pytest.skip("needs root, for network namespaces")
    if shutil.which("ip") is None:
        pytest.skip("needs `ip` of iproute2, for network namespaces")
    suffix = str(os.getpid())
    server, client = f"wys-{suffix}", f"wyc-{suffix}"
    made: list[str] = []
    try:
        try:
            for name in (server, client):
                ip("netns", "add", name)
                made.append(name)
            connect_hosts(server, client, suffix)
            ip("-n", server, "route", "add", "default", "via", CLIENT_ADDRESS)
            for bridge, address in BRIDGES.items():
                add_bridge(server, bridge, address)
        except OSError as error:
            pytest.skip(f"needs a kernel that allows network namespaces: {error}")
        yield server, client
    finally:
        for name in made:
            ip("netns", "del", name)


def connect_hosts(server: str, client: str, suffix: str) -> None:
    cables = f"s{suffix}", f"c{suffix}"
    ip("link", "add", cables[0], "netns", server, "type", "veth",
       "peer", "name", cables[1], "netns", client)  # fmt: skip
    for host, cable, address in zip(
        (server, client), cables, (SERVER_ADDRESS, CLIENT_ADDRESS), strict=True
    ):
        ip("-n", host, "address", "add", f"{address}/24", "dev", cable)
        ip("-n", host, "link", "set", cable, "up")
        ip("-n", host, "link", "set", "lo", "up")


def add_bridge(host: str, name: str, address: str) -> None:
    """Add a bridge with a container's cable in it, as Docker makes one."""
    inside, outside = f"{name}-i", f"{name}-o"
    ip("-n", host, "link", "add", name, "type", "bridge")
    ip("-n", host, "link", "add", inside, "type", "veth", "peer", "name", outside)
    ip("-n", host, "link", "set", outside, "master", name)
    for link in (inside, outside, name):
        ip("-n", host, "link", "set", link, "up")
    ip("-n", host, "address", "add", address, "dev", name)


async def test_another_host_finds_it_connects_and_sees_it_leave(
    hosts: tuple[str, str], tmp_path: Path
) -> None:
    server_host, client_host = hosts
    model = write_sense_voice(tmp_path / "SenseVoiceTiny", TINY)
    words = ["--model-dir", str(model), "--uri", "tcp://0.0.0.0:0", "--zeroconf-name", NAME,
             "--device", "cpu", "--precision", "float32", "--threads", "1",
             "--offline"]  # fmt: skip
    watcher = await asyncio.create_subprocess_exec(
        "ip", "netns", "exec", client_host, sys.executable, "-c", WATCHER, NAME,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert watcher.stdout is not None
    inside = ["ip", "netns", "exec", server_host]
    try:
        async with server_process("wyoming_funasr", *words, before=inside) as server:
            async with asyncio.timeout(START_SECONDS):
                seen = json.loads(await watcher.stdout.readline())
            assert seen["addresses"] == [SERVER_ADDRESS]
            await server.wait_for("advertised as")
            assert server.log.index("ready after") < server.log.index("advertised as")
            assert seen["port"] == await server.port()
            assert seen["answer"] == "info"
            assert await server.terminate() == 0
            async with asyncio.timeout(START_SECONDS):
                assert json.loads(await watcher.stdout.readline()) == {"withdrawn": True}
                assert await watcher.wait() == 0
    finally:
        if watcher.returncode is None:
            watcher.kill()
            await watcher.wait()
