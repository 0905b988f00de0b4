"""A real MQTT broker on a loopback port, and somebody who listens to it."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from tests.support.http import free_port
from tests.support.processes import run_to_end

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/opt/homebrew/sbin")
needs_mosquitto = pytest.mark.skipif(
    MOSQUITTO is None, reason="needs mosquitto (Debian's package of that name brings it)"
)


class Broker:
    """Mosquitto; what it retains is lost when it stops."""

    def __init__(self, config: Path, port: int) -> None:
        self.port = port
        self._config = config
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start, and wait until it takes connections."""
        assert MOSQUITTO is not None
        self._process = await asyncio.create_subprocess_exec(
            MOSQUITTO, "-c", self._config,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        async with asyncio.timeout(30):
            while not await self._answers():
                assert self._process.returncode is None, "mosquitto ended"
                await asyncio.sleep(0.02)

    async def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True


class Subscriber:
    """Keeps what is published."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._messages = aiter(client.messages)

    async def next(self) -> tuple[str, str, bool]:
        """The next message: its topic, its payload, and whether it was retained."""
        async with asyncio.timeout(60):
            message = await anext(self._messages)
        assert isinstance(message.payload, bytes)
        return str(message.topic), message.payload.decode(), bool(message.retain)

    async def on(self, topic: str) -> str:
        """The payload of the next message on a topic."""
        while True:
            told, payload, _ = await self.next()
            if told == topic:
                return payload

    async def event(self, topic: str) -> dict[str, Any]:
        """The next event on a topic."""
        content: dict[str, Any] = json.loads(await self.on(topic))
        return content


@asynccontextmanager
async def mosquitto(
    folder: Path, users: dict[str, str] | None = None, certificate: Path | None = None
) -> AsyncIterator[Broker]:
    """A broker that is open to everybody, or to these users with their passwords.

    With a certificate, whose file holds its key as well, it speaks TLS.
    """
    port = free_port()
    lines = [f"listener {port} 127.0.0.1", "user root", "persistence false"]
    if users:
        file = folder / "passwords"
        file.touch()
        for name, password in users.items():
            status, output = await run_to_end("mosquitto_passwd", "-b", file, name, password)
            assert status == 0, output
        lines.append(f"password_file {file}")
    else:
        lines.append("allow_anonymous true")
    if certificate is not None:
        lines += [f"certfile {certificate}", f"keyfile {certificate}"]
    config = folder / "mosquitto.conf"
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    broker = Broker(config, port)
    await broker.start()
    try:
        yield broker
    finally:
        await broker.kill()


@asynccontextmanager
async def subscriber(broker: Broker) -> AsyncIterator[Subscriber]:
    """Somebody who gets every message."""
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        await client.subscribe("#")
        yield Subscriber(client)
