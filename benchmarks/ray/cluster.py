"""A Ray cluster on this machine."""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil

from wyoming_serving.network.sockets import listen_on

_ENVIRONMENT = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(32),
    "RAY_SERVE_HANDLE_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "1",
}
"""Read when ray is imported. By the first one Ray leaves 127.0.0.1 as it is and listens there
alone, the next ones keep other programs out, and by the last one it scales within a test's time."""

_STORE_BYTES = 200 << 20
_LONGEST_SECONDS = 300.0
"""A machine that others keep busy takes minutes to start a cluster."""
_END_SECONDS = 5.0
_LOOK_SECONDS = 0.5


class Cluster:
    """A running cluster."""

    def __init__(self, port: int, head: subprocess.Popen[bytes]) -> None:
        self.port = port
        self.address = f"127.0.0.1:{port}"
        self._head = psutil.Process(head.pid)

    def replicas(self) -> list[psutil.Process]:
        """The processes of all applications' replicas."""
        return [one for one in self._head.children(recursive=True) if _is_replica(one)]

    def cpu_seconds(self) -> dict[psutil.Process, float]:
        """What each replica has computed so far."""
        times = {one: one.cpu_times() for one in self.replicas()}
        return {one: of_one.user + of_one.system for one, of_one in times.items()}

    def busiest(self, before: Mapping[psutil.Process, float]) -> psutil.Process:
        """The replica that has computed most since `cpu_seconds` was `before`."""
        now = self.cpu_seconds()
        return max(now, key=lambda one: now[one] - before.get(one, 0.0))

    def kill(self) -> None:
        """End all of it at once."""
        os.killpg(self._head.pid, signal.SIGKILL)

    async def until_replicas(self, count: int, *, without: Sequence[psutil.Process] = ()) -> None:
        """Wait until there are so many, and none of those any more."""
        async with asyncio.timeout(_LONGEST_SECONDS):
            while (  # noqa: ASYNC110  processes tell nobody
                len(found := self.replicas()) != count or set(found) & set(without)
            ):
                await asyncio.sleep(_LOOK_SECONDS)


@contextlib.contextmanager
def ray_cluster(cpus: int = 2, port: int = 0) -> Iterator[Cluster]:
    """A head and its workers, all on loopback, ended at the latest here; port 0 is any."""
    os.environ.update(_ENVIRONMENT)
    port = port or _free_port()
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))  # its sockets need a short path
    root = Path(__file__).parents[2]
    head = subprocess.Popen(
        [
            Path(sys.executable).with_name("ray"), "start", "--head", "--block",
            f"--port={port}", "--node-ip-address=127.0.0.1", f"--num-cpus={cpus}", "--num-gpus=0",
            f"--object-store-memory={_STORE_BYTES}", "--include-dashboard=false",
            f"--ray-client-server-port={_free_port()}",
            f"--dashboard-agent-listen-port={_free_port()}",
            "--disable-usage-stats", f"--temp-dir={folder}",
        ],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(root), *sys.path[1:]])},
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        _wait(port, head)
        yield Cluster(port, head)
    finally:
        head.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            head.wait(_END_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(head.pid, signal.SIGKILL)  # what outlived it is of its session
        head.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(port: int, head: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _LONGEST_SECONDS
    while time.monotonic() < until:
        assert head.poll() is None, "ray start ended"
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.1)
    raise TimeoutError("the Ray cluster does not answer")


def _is_replica(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return any("ServeReplica" in word for word in process.cmdline())
    return False


def _free_port() -> int:
    with listen_on("127.0.0.1", 0) as taken:
        return int(taken.getsockname()[1])
