"""The add-ons' discovery scripts, run as they are, tell the Supervisor where the service is."""

import asyncio
import os
import shutil
import socket
import sys
from pathlib import Path

import pytest

from addon.write_options import ADD_ONS, AddOn
from tests.support.http import free_port
from tests.support.processes import run_to_end
from tests.support.supervisor import TOKEN, Supervisor, supervisor
from tests.support.waiting import until
from tests.support.wire import encode
from tests.wyoming_serving.echo import EchoService, reachable, settings
from tests.wyoming_serving.test_health import server
from wyoming_serving.health import Health
from wyoming_serving.service import serve

READY = encode(Health(True, "ready"))

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
each_add_on = pytest.mark.parametrize("add_on", ADD_ONS, ids=lambda add_on: add_on.folder.name)


async def discover(
    add_on: AddOn, uri: str, api: Supervisor, tools: Path | None = None
) -> tuple[int | None, str]:
    """Run the script against a service at `uri`; gives its exit status and what it said.

    `tools` is a folder with s6's commands, needed only while the service does not answer.
    """
    script = add_on.folder / "rootfs/etc/s6-overlay/s6-rc.d/discovery/run"
    prefix = add_on.settings.model_config["env_prefix"]
    environment = os.environ | {
        "PATH": f"{tools or ''}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        f"{prefix}URI": uri,
        "SUPERVISOR_API": api.url,
        "SUPERVISOR_TOKEN": TOKEN,
    }
    return await run_to_end("bash", script, environment=environment)


def fake_svstat(folder: Path, script: str) -> None:
    """Put a stand-in for s6's command into a folder."""
    svstat = folder / "s6-svstat"
    svstat.write_text(f"#!/bin/sh\n{script}\n")
    svstat.chmod(0o755)


@needs_curl
@each_add_on
async def test_the_supervisor_gets_host_and_port(add_on: AddOn) -> None:
    async with server(READY) as uri:
        with supervisor() as api:
            status, output = await discover(add_on, uri, api)
    told = f"tcp://{socket.gethostname()}:{uri.rpartition(':')[2]}"
    assert api.refused == []
    assert api.messages == [{"service": "wyoming", "config": {"uri": told}}]
    assert (status, output) == (0, f"Home Assistant was told of {told}\n")


@needs_curl
@each_add_on
async def test_it_waits_until_the_model_is_loaded(add_on: AddOn, tmp_path: Path) -> None:
    port = free_port()
    service = EchoService(settings("--uri", f"tcp://127.0.0.1:{port}"))
    service.loaded.clear()
    asked = tmp_path / "asked"
    fake_svstat(tmp_path, f"echo >> {asked}; echo true")
    serving = asyncio.create_task(serve(service))
    await until(lambda: reachable(port))
    with supervisor() as api:
        uri = f"tcp://127.0.0.1:{port}"
        discovering = asyncio.create_task(discover(add_on, uri, api, tmp_path))
        await until(asked.exists)  # it has found the service, which does not answer requests yet
        assert api.messages == []
        service.loaded.set()
        status, _ = await discovering
    assert status == 0 and len(api.messages) == 1
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


@needs_curl
@each_add_on
async def test_a_refusal_is_said_and_the_service_goes_on(add_on: AddOn) -> None:
    async with server(READY) as uri:
        with supervisor() as api:
            api.forbidden = True
            status, output = await discover(add_on, uri, api)
    assert api.refused == ["forbidden"]
    assert status == 0
    assert "was not told" in output


@each_add_on
async def test_it_gives_up_when_the_service_has_ended(add_on: AddOn, tmp_path: Path) -> None:
    fake_svstat(tmp_path, f'[ "$3" = /run/service/{add_on.folder.name} ] && echo false')
    async with server(b"") as uri:
        pass
    with supervisor() as api:
        assert await discover(add_on, uri, api, tmp_path) == (0, "")
    assert api.messages == []
