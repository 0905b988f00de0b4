"""Asking a server over HTTP, as `curl` would."""

import asyncio
import itertools
import json
import os
from contextlib import suppress
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from wyoming_serving.network.sockets import listen_on

_PORTS = itertools.count(os.getpid() * 97)
_LOWEST, _COUNT = 10_000, 20_000
"""Below the ports that the system gives to connections, those of tests beside this one too."""


def free_port() -> int:
    """A port where nothing listens."""
    while True:
        port = _LOWEST + next(_PORTS) % _COUNT
        with suppress(OSError), listen_on("127.0.0.1", port):
            return port


async def fetch(port: int, path: str) -> tuple[int, str]:
    """The status and the body of an answer."""
    return await asyncio.to_thread(_get, port, path)


async def fetch_status(port: int) -> dict[str, Any]:
    """What `/status` says."""
    status, body = await fetch(port, "/status")
    assert status == 200
    answer: dict[str, Any] = json.loads(body)
    return answer


def _get(port: int, path: str) -> tuple[int, str]:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()
