"""The services as processes of their own."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

START_SECONDS = 120.0
"""Importing torch on a busy machine takes a while; nothing here measures it."""


class Server:
    """A running server process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.log = ""  # what it wrote to standard error so far
        self._reading = asyncio.create_task(self._read())

    async def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until the log says it; fails with the log when the process ends before."""
        async with asyncio.timeout(START_SECONDS):
            while not (found := re.search(pattern, self.log)):
                assert not self._reading.done(), self.log
                await asyncio.sleep(0.02)
        return found

    async def port(self) -> int:
        """The port it listens on."""
        return int((await self.wait_for(r"listening on tcp://\S+:(\d+)"))[1])

    async def terminate(self) -> int:
        """Send SIGTERM; gives the exit status."""
        self.process.terminate()
        return await self.status()

    async def status(self, seconds: float = START_SECONDS) -> int:
        """The exit status, when it has ended."""
        async with asyncio.timeout(seconds):
            status = await self.process.wait()
            await self._reading
        return status

    async def _read(self) -> None:
        assert self.process.stderr is not None
        while line := await self.process.stderr.readline():
            self.log += line.decode()


async def run_to_end(
    *command: str | Path, environment: Mapping[str, str] | None = None
) -> tuple[int | None, str]:
    """Run a program; gives its exit status and what it printed, on both outputs."""
    process = await asyncio.create_subprocess_exec(
        *command, env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        async with asyncio.timeout(START_SECONDS):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, output.decode()


@asynccontextmanager
async def server_process(
    module: str, *words: str, before: Sequence[str] = (), **environment: str
) -> AsyncIterator[Server]:
    """`python -m MODULE WORDS`, ended at the latest here; `before` goes before that command."""
    process = await asyncio.create_subprocess_exec(
        *before, sys.executable, "-m", module, *words,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, env=os.environ | environment,
    )  # fmt: skip
    server = Server(process)
    try:
        yield server
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await server.status()
