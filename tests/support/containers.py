"""Images as running containers, where there is an engine to run them.

`CONTAINER_RUN` is the engine's command up to its options: `docker run`, or `podman run`.
"""

import asyncio
import os
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.processes import Server

ENGINE = shlex.split(os.environ.get("CONTAINER_RUN", ""))


@asynccontextmanager
async def container(
    image: str, *options: str, command: tuple[str, ...] = ()
) -> AsyncIterator[Server]:
    """`image` on this machine's network; its whole output is the log."""
    # both outputs in one: services write to the first or the second
    merged = ["sh", "-c", 'exec "$0" "$@" >&2']
    process = await asyncio.create_subprocess_exec(
        *merged, *ENGINE, "--rm", "--network", "host", *options, image, *command,
        stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    server = Server(process)
    try:
        yield server
    finally:
        if process.returncode is None:
            process.terminate()
            await server.status()
